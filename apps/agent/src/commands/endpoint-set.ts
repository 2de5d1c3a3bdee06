import { withAgent } from '../control/call-agent.ts'
import { cleanText } from '../output/clean-text.ts'
import { parseId } from './arguments.ts'
import { confirmPlan, followTransactions, type MoneyOptions } from './confirm-plan.ts'
import type { Action } from './shell.ts'

export const endpointSet: Action<[string | undefined], MoneyOptions & { bill?: string }> = async (
  shell,
  options,
  url,
) => {
  const target = { billId: parseId(options.bill ?? '0', 'a bill'), ...(url ? { url } : {}) }
  await withAgent(shell.caller, async (agent) => {
    const { plan } = await agent.call('endpoint.set', { mode: 'preview', ...target })
    if (!(await confirmPlan(shell, plan, options))) return
    const { done } = await agent.call(
      'endpoint.set',
      { mode: 'execute', ...target },
      followTransactions(shell),
    )
    shell.io.document('endpoint.set', { endpoint: done?.endpoint, hashes: done?.hashes })
    shell.io.print(`Users reach this miner at ${cleanText(done?.endpoint ?? '')}`)
  })
}
