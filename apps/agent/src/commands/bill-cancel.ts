import { withAgent } from '../control/call-agent.ts'
import { parseId } from './arguments.ts'
import { confirmPlan, followTransactions, type MoneyOptions } from './confirm-plan.ts'
import type { Action } from './shell.ts'

export const billCancel: Action<[string], MoneyOptions> = async (shell, options, bill) => {
  const billId = parseId(bill, 'a bill')
  await withAgent(shell.caller, async (agent) => {
    const { plan } = await agent.call('bill.cancel', { mode: 'preview', billId })
    if (!(await confirmPlan(shell, plan, options))) return
    const { done } = await agent.call('bill.cancel', { mode: 'execute', billId }, followTransactions(shell))
    shell.io.document('bill.cancel', { billId, hashes: done?.hashes })
    shell.io.print(`Bill ${billId} takes no more orders; orders already taken stay.`)
  })
}
