import { withAgent } from '../control/call-agent.ts'
import { parseId } from './arguments.ts'
import { confirmPlan, followTransactions, type MoneyOptions } from './confirm-plan.ts'
import type { Action } from './shell.ts'

export const orderCancel: Action<[string], MoneyOptions> = async (shell, options, order) => {
  const orderId = parseId(order, 'an order')
  await withAgent(shell.caller, async (agent) => {
    const { plan } = await agent.call('order.cancel', { mode: 'preview', orderId })
    if (!(await confirmPlan(shell, plan, options))) return
    const { done } = await agent.call('order.cancel', { mode: 'execute', orderId }, followTransactions(shell))
    shell.io.document('order.cancel', { orderId, hashes: done?.hashes })
    shell.io.print(`Order ${orderId} is cancelled; what was paid is back with the wallet.`)
  })
}
