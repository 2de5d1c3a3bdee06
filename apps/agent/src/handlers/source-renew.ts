import { nextIntent } from '../account/next-intent.ts'
import { planRenewal, renewSource } from '../account/renew-source.ts'
import type { AgentContext } from '../agent-context.ts'
import { contractsOfSource } from '../contract/contract-rows.ts'
import type { Handler } from '../control/handler.ts'
import { findSource } from '../find-source.ts'
import { progressOf } from '../progress-of.ts'

/** So many weeks more for all active orders of a source. */
export const sourceRenew: Handler<'source.renew', AgentContext> = async (
  ctx,
  { mode, source: wanted, weeks },
  emit,
  signal,
) => {
  const { sourceId, name } = findSource(ctx, wanted)
  const orderIds = contractsOfSource(ctx.store, sourceId).map(({ orderId }) => orderId)
  const account = await ctx.account()
  const wish = { name, orderIds, weeks }
  const { plan } = await planRenewal(account, wish)
  if (mode === 'preview') return { plan, done: null }
  const intent = nextIntent(account.sender, `renew:${account.market}:${sourceId}:${weeks}`)
  const execution = { intent, subject: `source:${sourceId}`, ...progressOf(emit, signal) }
  const { result } = await renewSource(account, wish, execution)
  return { plan, done: { sourceId, hashes: result ? [result.hash] : [] } }
}
