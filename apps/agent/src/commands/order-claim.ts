import { withAgent } from '../control/call-agent.ts'
import { fail } from '../output/io.ts'
import { confirmPlan, followTransactions, type MoneyOptions } from './confirm-plan.ts'
import { sendOrderAct } from './send-order-act.ts'
import type { Action } from './shell.ts'

/** What an order has earned becomes the miner's credit; with --all of every order of this host. */
export const orderClaim: Action<[string | undefined], MoneyOptions & { all?: boolean }> = async (
  shell,
  options,
  order,
) => {
  if ((order === undefined) === (options.all !== true)) {
    throw fail('USAGE', 'Claim from which order?', 'Give its number, or --all for every order of this host.')
  }
  if (order !== undefined) {
    return void (await sendOrderAct(shell, options, order, {
      act: { kind: 'claim' },
      document: 'order.claim',
      done: (orderId) =>
        `What order ${orderId} has earned is credit now: dmc-agent wallet withdraw pays it out.`,
    }))
  }
  await withAgent(shell.caller, async (agent) => {
    const { plan } = await agent.call('order.claimAll', { mode: 'preview' })
    if (plan.transactions.length === 0) {
      shell.io.document('order.claim', { hashes: [] })
      return void shell.io.print(
        'There is nothing to claim yet: earnings can be claimed a week after they were earned.',
      )
    }
    if (!(await confirmPlan(shell, plan, options))) return
    const { done } = await agent.call('order.claimAll', { mode: 'execute' }, followTransactions(shell))
    shell.io.document('order.claim', { hashes: done?.hashes ?? [], amount: done?.amount })
    shell.io.print('What the orders have earned is credit now: dmc-agent wallet withdraw pays it out.')
  })
}
