import type { Store } from '../store/open-store.ts'

export interface ScrubRow {
  orderId: bigint
  /** Unix ms. */
  nextMs: number
  /** When all of it was read last, Unix ms. */
  doneMs: number | null
  /** So many from its beginning were in force and read; more are new. */
  chunks: number
  /** How many were not what was committed, the last time. */
  damaged: number
}

const COLUMNS = 'order_id AS orderId, next_ms AS nextMs, done_ms AS doneMs, chunks, damaged'

const toRow = (row: Record<string, unknown>): ScrubRow => ({
  ...(row as unknown as Omit<ScrubRow, 'orderId'>),
  orderId: BigInt(String(row.orderId)),
})

export const listScrubs = (store: Store): ScrubRow[] =>
  store.db.prepare(`SELECT ${COLUMNS} FROM scrub ORDER BY next_ms, order_id`).all().map(toRow)

export const findScrub = (store: Store, orderId: bigint): ScrubRow | null => {
  const row = store.db.prepare(`SELECT ${COLUMNS} FROM scrub WHERE order_id = ?`).get(String(orderId))
  return row ? toRow(row) : null
}

export function planScrub(store: Store, orderId: bigint, nextMs: number): void {
  store.transaction(
    () =>
      void store.db
        .prepare(
          'INSERT INTO scrub (order_id, next_ms) VALUES (?, ?) ON CONFLICT (order_id) DO UPDATE SET next_ms = excluded.next_ms',
        )
        .run(String(orderId), nextMs),
  )
}

export function noteScrub(store: Store, row: ScrubRow): void {
  store.transaction(
    () =>
      void store.db
        .prepare(
          `INSERT INTO scrub (order_id, next_ms, done_ms, chunks, damaged) VALUES (?, ?, ?, ?, ?)
           ON CONFLICT (order_id) DO UPDATE SET next_ms = excluded.next_ms, done_ms = excluded.done_ms,
             chunks = excluded.chunks, damaged = excluded.damaged`,
        )
        .run(String(row.orderId), row.nextMs, row.doneMs, row.chunks, row.damaged),
  )
}

export function forgetScrub(store: Store, orderId: bigint): void {
  store.transaction(() => void store.db.prepare('DELETE FROM scrub WHERE order_id = ?').run(String(orderId)))
}
