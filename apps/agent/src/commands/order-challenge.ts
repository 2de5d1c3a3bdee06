import { formatTime } from '@dmc/core/units/format-time'
import { withAgent } from '../control/call-agent.ts'
import { parseId } from './arguments.ts'
import { confirmPlan, followTransactions, type MoneyOptions } from './confirm-plan.ts'
import type { Action } from './shell.ts'

/** flow 14: shows gas, bond, outcome and deadline, and asks before anything is signed. */
export const orderChallenge: Action<[string], MoneyOptions & { leaf?: string }> = async (
  shell,
  options,
  order,
) => {
  const orderId = parseId(order, 'an order')
  const wished = options.leaf === undefined ? {} : { leaf: parseId(options.leaf, 'a leaf') }
  await withAgent(shell.caller, async (agent) => {
    const { plan, leaf } = await agent.call('order.challenge', { mode: 'preview', orderId, ...wished })
    if (!(await confirmPlan(shell, plan, options))) return
    const { done } = await agent.call(
      'order.challenge',
      { mode: 'execute', orderId, leaf },
      followTransactions(shell),
    )
    shell.io.document('order.challenge', { ...done })
    shell.io.print(
      `Leaf ${leaf} of order ${orderId} is challenged: the miner proves it by ${formatTime(done?.deadline ?? 0n)}, or can be slashed.`,
    )
  })
}
