import { readOrder } from '@dmc/core/chain/read-order'
import { toDmcError } from '@dmc/core/errors/to-dmc-error'
import { divideSlashedPledge } from '@dmc/core/market/pledge'
import type { AgentContext } from '../agent-context.ts'
import type { WatchedRow } from '../control/types.ts'
import { findWatched } from '../watch/watch-rows.ts'

/** A watched order as the chain has it now; null when it is not watched. */
export async function watchedRow(ctx: AgentContext, orderId: bigint): Promise<WatchedRow | null> {
  const watched = findWatched(ctx.store, orderId)
  if (watched === null) return null
  const { dataPath, stubs, slash, addedMs } = watched
  const rewardTo = slash ? (watched.rewardTo ?? ctx.wallet?.address ?? ctx.config.owner) : null
  const row = { orderId, answerFrom: dataPath, stubs, slash, rewardTo, addedMs }
  const unknown = { state: null, reward: null, challengedUntil: null }
  try {
    const order = await readOrder(ctx.rpc.client, { market: ctx.config.chain.market, orderId })
    const { parameters } = (await ctx.account()).facts
    return {
      ...row,
      state: order.state,
      reward: divideSlashedPledge(order.pledge, parameters).reporter,
      challengedUntil: order.challenge?.deadline ?? null,
      error: null,
    }
  } catch (thrown) {
    return { ...row, ...unknown, error: toDmcError(thrown).toJSON() }
  }
}
