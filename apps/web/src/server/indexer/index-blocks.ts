import type { BlockEvents } from '@dmc/core/chain/read-log-range'
import type { MarketParameters } from '@dmc/core/market/parameters'
import { movePosition } from '@dmc/db/chain/move-position'
import { saveBatch } from '@dmc/db/chain/save-batch'
import { noteChanges } from '@dmc/db/changes/note-changes'
import type { EventRow, PaymentRow } from '@dmc/db/market/rows'
import type { Database } from '@dmc/db/open-database'
import { applyEvent } from './apply-event.ts'
import { changesOf } from './changes-of.ts'
import { loadWorkingSet } from './working-set.ts'

/**
 * Writes blocks `from`..`to` with their events and everything that follows from them, in one transaction with the position.
 * @returns false when the position stands elsewhere by now: another indexer was faster, nothing was written
 */
export function indexBlocks(
  db: Database,
  range: { from: bigint; to: bigint; blocks: readonly BlockEvents[]; parameters: MarketParameters },
): Promise<boolean> {
  const { from, to, blocks, parameters } = range
  return db.transaction(async (tx) => {
    if (!(await movePosition(tx, from, to + 1n))) return false
    const set = await loadWorkingSet(
      tx,
      blocks.flatMap((block) => block.events),
    )
    const events: EventRow[] = []
    const payments: PaymentRow[] = []
    const touched = { orders: new Set<bigint>(), bills: new Set<bigint>() }
    for (const { timestamp, events: ofBlock } of blocks) {
      for (const event of ofBlock) {
        const done = applyEvent(set, event, { timestamp, parameters })
        events.push(done.event)
        payments.push(...done.payments)
        if (done.event.orderId !== null) touched.orders.add(done.event.orderId)
        if (done.event.billId !== null) touched.bills.add(done.event.billId)
      }
    }
    const orders = [...set.orders.values()].filter((row) => touched.orders.has(row.orderId))
    await saveBatch(tx, {
      blocks: blocks.map(({ number, hash, timestamp, events }) => ({
        number,
        hash,
        timestamp,
        hasEvents: events.length > 0,
      })),
      events,
      payments,
      bills: [...set.bills.values()].filter((row) => touched.bills.has(row.billId)),
      orders,
      challenges: orders.flatMap((row) => set.challenges.get(row.orderId) ?? []),
      endpoints: [...set.endpoints.values()],
      operators: [...set.operators.values()].filter((row) => row.blockNumber >= from),
    })
    await noteChanges(tx, changesOf(events))
    return true
  })
}
