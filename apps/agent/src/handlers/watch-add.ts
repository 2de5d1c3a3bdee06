import { readOrder } from '@dmc/core/chain/read-order'
import { DmcError } from '@dmc/core/errors/dmc-error'
import { FINAL_ORDER_STATES } from '@dmc/core/market/states'
import type { AgentContext } from '../agent-context.ts'
import type { Handler } from '../control/handler.ts'
import { watchedRow } from '../rows/watched-row.ts'
import { checkReward } from '../watch/check-reward.ts'
import { readStubs } from '../watch/stubs-file.ts'
import { putWatched } from '../watch/watch-rows.ts'
import { checkCopy, findDataFile } from '../watch/watched-copy.ts'

/** flow 14: looks after an order of others from now on. Everything that was named is checked first. */
export const watchAdd: Handler<'watch.add', AgentContext> = async (ctx, input) => {
  const { orderId, slash } = input
  const { market } = ctx.config.chain
  const order = await readOrder(ctx.rpc.client, { market, orderId })
  if (FINAL_ORDER_STATES.includes(order.state)) {
    throw new DmcError('ORDER_STATE', `Order ${orderId} is ${order.state}; there is nothing to watch.`, {
      hint: 'Name an order that is active.',
    })
  }
  const owner = ctx.wallet?.address ?? ctx.config.owner
  const rewardTo = input.rewardTo ?? null
  if (slash) {
    const earns = rewardTo ?? owner
    if (earns === null) {
      throw new DmcError('KEY_MISSING', 'Nobody is named that a slash would reward.', {
        hint: 'Name a wallet: --reward-to ADDRESS',
      })
    }
    await checkReward({ client: ctx.rpc.client, market }, order, earns)
  }
  let dataPath: string | null = null
  if (input.answerFrom !== undefined) {
    dataPath = await findDataFile(input.answerFrom, orderId)
    await checkCopy(ctx, orderId, dataPath)
  }
  const stubs = input.stubs ?? null
  if (stubs !== null) await readStubs(stubs, { orderId, chainId: ctx.config.chain.chainId, market })
  putWatched(ctx.store, { orderId, dataPath, stubs, rewardTo, slash })
  ctx.journal.add({
    event: 'watching',
    subject: `order:${orderId}`,
    message: `Order ${orderId} is watched: ${[
      dataPath && 'its challenges are answered',
      slash && 'it is slashed after a missed deadline',
      stubs && 'its miner is checked',
    ]
      .filter(Boolean)
      .join(', ')}.`,
  })
  if (dataPath !== null) ctx.answering?.touch(orderId)
  ctx.slashing?.sweep()
  const row = await watchedRow(ctx, orderId)
  if (row === null) throw new DmcError('BUG', `Order ${orderId} is not watched.`, { hint: 'Report this.' })
  return row
}
