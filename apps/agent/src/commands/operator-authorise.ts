import { parseTokens } from '@dmc/core/units/parse-tokens'
import { withAgent } from '../control/call-agent.ts'
import { parseChoice, parseWeeks } from './arguments.ts'
import { confirmPlan, followTransactions, type MoneyOptions } from './confirm-plan.ts'
import type { Action } from './shell.ts'

const SCOPES = ['PREPARE', 'CHALLENGE', 'REFUSE', 'ENDPOINT'] as const

export interface OperatorOptions extends MoneyOptions {
  scope?: string[]
  weeks: string
  gas: string
}

export const operatorAuthorise: Action<[], OperatorOptions> = async (shell, options) => {
  const grant = {
    scopes: (options.scope ?? SCOPES).map((scope) => parseChoice(scope.toUpperCase(), 'a scope', SCOPES)),
    weeks: parseWeeks(options.weeks),
    gasFloatWei: parseTokens(options.gas, 'ETH'),
  }
  await withAgent(shell.caller, async (agent) => {
    const { plan } = await agent.call('operator.authorise', { mode: 'preview', ...grant })
    if (!(await confirmPlan(shell, plan, options))) return
    const follow = followTransactions(shell)
    const { done } = await agent.call('operator.authorise', { mode: 'execute', ...grant }, follow)
    shell.io.document('operator.authorise', { operator: done?.operator, hashes: done?.hashes })
    shell.io.print(`This agent (${done?.operator}) may act for the wallet: ${grant.scopes.join(', ')}.`)
  })
}
