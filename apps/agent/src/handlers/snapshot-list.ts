import { hostname } from 'node:os'
import type { AgentContext } from '../agent-context.ts'
import { listContracts } from '../contract/contract-rows.ts'
import { findVolumes, openSource } from '../contract/open-volumes.ts'
import type { Handler } from '../control/handler.ts'
import type { SnapshotRow } from '../control/types.ts'
import { findSource } from '../find-source.ts'
import { ordersOfOwner } from '../rows/list-orders.ts'
import { ownerOf } from '../rows/owner-of.ts'
import { snapshotsOf } from '../source/open-catalog.ts'

/** Snapshots of this host's sources from its own records; on a host that has none, from the miners (recovery). */
export const snapshotList: Handler<'snapshot.list', AgentContext> = async (ctx, input, _emit, signal) => {
  const known = ctx.sources.list()
  if (known.length > 0 || input.source !== undefined) {
    const sources = input.source === undefined ? known : [findSource(ctx, input.source)]
    return {
      snapshots: sources.flatMap((source) => {
        const orders = listContracts(ctx.store, 'user')
          .filter((contract) => contract.sourceId === source.sourceId && contract.volumeId !== null)
          .map((contract) => contract.orderId)
        return ctx.sources.snapshots(source.sourceId).map(
          (snapshot): SnapshotRow => ({
            ...snapshot,
            sourceId: source.sourceId,
            sourceName: source.name,
            path: source.path.toString(),
            hostName: hostname(),
            orders,
          }),
        )
      }),
    }
  }
  const options = {
    reader: ctx.contract.reader,
    orders: await ordersOfOwner(ctx, ownerOf(ctx)),
    master: ctx.keys.master,
    allowPrivate: ctx.config.allowPrivateEndpoints,
    bandwidth: ctx.contract.bandwidth,
    signal,
    onNote: () => {},
  }
  const snapshots: SnapshotRow[] = []
  for (const [salt, group] of await findVolumes(options)) {
    const source = await openSource(options, group)
    try {
      for (const snapshot of snapshotsOf(source.opened.catalog)) {
        snapshots.push({
          ...snapshot,
          sourceId: salt.slice(0, 16),
          sourceName: source.opened.catalog.sourceName,
          path: '',
          hostName: '',
          orders: source.orders,
        })
      }
    } finally {
      await source.close()
    }
  }
  return { snapshots }
}
