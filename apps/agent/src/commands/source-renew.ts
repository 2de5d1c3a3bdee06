import { withAgent } from '../control/call-agent.ts'
import { parseWeeks } from './arguments.ts'
import { confirmPlan, followTransactions, type MoneyOptions } from './confirm-plan.ts'
import type { Action } from './shell.ts'

export const sourceRenew: Action<[string], MoneyOptions & { weeks: string }> = async (
  shell,
  options,
  source,
) => {
  const wish = { source, weeks: parseWeeks(options.weeks) }
  await withAgent(shell.caller, async (agent) => {
    const { plan } = await agent.call('source.renew', { mode: 'preview', ...wish })
    if (!(await confirmPlan(shell, plan, options))) return
    const execute = { mode: 'execute', ...wish } as const
    const { done } = await agent.call('source.renew', execute, followTransactions(shell))
    shell.io.document('source.renew', { ...done })
    shell.io.print(`${source} is renewed.`)
  })
}
