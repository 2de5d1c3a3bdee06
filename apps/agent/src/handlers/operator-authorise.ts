import { randomUUID } from 'node:crypto'
import { OPERATOR_SCOPES } from '@dmc/core/chain/types'
import { authoriseOperator, planAuthorise } from '../account/authorise-operator.ts'
import type { AgentContext } from '../agent-context.ts'
import type { Handler } from '../control/handler.ts'
import { progressOf } from '../progress-of.ts'

export const operatorAuthorise: Handler<'operator.authorise', AgentContext> = async (
  ctx,
  input,
  emit,
  signal,
) => {
  const account = await ctx.account()
  const scopes = input.scopes.reduce((bits, name) => bits | OPERATOR_SCOPES[name], 0)
  const wish = { scopes, weeks: input.weeks, gasFloatWei: input.gasFloatWei }
  const { plan } = await planAuthorise(account, wish)
  const operator = ctx.operator.address
  if (input.mode === 'preview') return { plan, done: null }
  const execution = {
    intent: `operator:${account.market}:${operator}:${randomUUID()}`,
    ...progressOf(emit, signal),
  }
  const { result } = await authoriseOperator(account, wish, execution)
  return { plan, done: { operator, hashes: result ? [result.hash] : [] } }
}
