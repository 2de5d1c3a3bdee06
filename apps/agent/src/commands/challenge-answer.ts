import { withAgent } from '../control/call-agent.ts'
import { parseId } from './arguments.ts'
import { confirmPlan, followTransactions, type MoneyOptions } from './confirm-plan.ts'
import type { Action } from './shell.ts'

export const challengeAnswer: Action<[string], MoneyOptions> = async (shell, options, order) => {
  const orderId = parseId(order, 'an order')
  await withAgent(shell.caller, async (agent) => {
    const { plan } = await agent.call('challenge.answer', { mode: 'preview', orderId })
    if (!(await confirmPlan(shell, plan, options))) return
    const { done } = await agent.call(
      'challenge.answer',
      { mode: 'execute', orderId },
      followTransactions(shell),
    )
    shell.io.document('challenge.answer', { orderId, hashes: done?.hashes })
    shell.io.print(`The challenge of order ${orderId} is answered.`)
  })
}
