import { reading } from '@dmc/core/chain/chain-error'
import type { AgentContext } from '../agent-context.ts'
import { findVolumes, openSource } from '../contract/open-volumes.ts'
import type { Handler } from '../control/handler.ts'
import type { RecoveredSource } from '../control/types.ts'
import { ordersOfOwner } from '../rows/list-orders.ts'
import { snapshotsOf } from '../source/open-catalog.ts'

/** Finds what belongs to this phrase among a wallet's orders, from the chain and the miners alone. */
export const recoverStart: Handler<'recover.start', AgentContext> = async (ctx, { owner }, emit, signal) => {
  const block = await ctx.rpc.confirmedHead()
  const { timestamp } = await reading('the newest block', () =>
    ctx.rpc.client.getBlock({ blockNumber: block }),
  )
  const orders = await ordersOfOwner(ctx, owner as `0x${string}`)
  emit({ type: 'stage', stage: 'orders', text: `${orders.length} orders of ${owner} at block ${block}` })
  const options = {
    reader: ctx.contract.reader,
    orders,
    master: ctx.keys.master,
    allowPrivate: ctx.config.allowPrivateEndpoints,
    bandwidth: ctx.contract.bandwidth,
    signal,
    onNote: (text: string) => emit({ type: 'stage', stage: 'order', text }),
  }
  const sources: RecoveredSource[] = []
  for (const [salt, group] of await findVolumes(options)) {
    const source = await openSource(options, group)
    try {
      const [newest, ...older] = snapshotsOf(source.opened.catalog)
      sources.push({
        sourceId: salt.slice(0, 16),
        name: source.opened.catalog.sourceName,
        orders: source.orders,
        snapshots: newest ? older.length + 1 : 0,
        newestMs: newest?.time ?? null,
        bytes: newest?.bytes ?? 0,
      })
    } finally {
      await source.close()
    }
  }
  return { sources, block, blockTime: timestamp }
}
