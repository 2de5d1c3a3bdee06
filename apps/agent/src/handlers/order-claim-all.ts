import type { MarketEvent } from '@dmc/core/chain/decode-log'
import { claimAll, planClaimAll } from '../account/claim-all.ts'
import { nextIntent } from '../account/next-intent.ts'
import type { AgentContext } from '../agent-context.ts'
import { listContracts } from '../contract/contract-rows.ts'
import type { Handler } from '../control/handler.ts'
import { progressOf } from '../progress-of.ts'

/** What all orders on this host's sectors have earned, to the miner's credit. */
export const orderClaimAll: Handler<'order.claimAll', AgentContext> = async (ctx, { mode }, emit, signal) => {
  const account = await ctx.account()
  const orderIds = listContracts(ctx.store, 'miner').map(({ orderId }) => orderId)
  const { plan } = await planClaimAll(account, orderIds)
  if (mode === 'preview') return { plan, done: null }
  const intent = nextIntent(account.sender, `claim-all:${account.market}`)
  const { result } = await claimAll(account, orderIds, { intent, ...progressOf(emit, signal) })
  const amount = (result?.events ?? []).reduce((sum, event) => sum + toMiner(event), 0n)
  return { plan, done: { amount, hashes: result ? [result.hash] : [] } }
}

function toMiner(event: MarketEvent): bigint {
  if (event.name === 'Claimed') return event.args.amount
  return event.name === 'OrderEnded' ? event.args.toMiner : 0n
}
