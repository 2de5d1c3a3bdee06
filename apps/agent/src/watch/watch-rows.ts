import type { Address } from 'viem'
import type { Store } from '../store/open-store.ts'

/** An order of others that this host looks after (flow 14). */
export interface WatchedOrder {
  orderId: bigint
  /** Absolute path of the order's data, to answer from; null: it does not answer. */
  dataPath: string | null
  /** Absolute path of the user's stubs, to check it with; null: it does not check. */
  stubs: string | null
  /** Who is rewarded for a slash; null: the wallet that this host acts for. */
  rewardTo: Address | null
  /** Slash it for the reward after a missed deadline. */
  slash: boolean
  addedMs: number
}

const toWatched = (row: Record<string, unknown>): WatchedOrder => ({
  orderId: BigInt(String(row.order_id)),
  dataPath: row.folder as string | null,
  stubs: row.stubs as string | null,
  rewardTo: row.reward_to as Address | null,
  slash: Number(row.slash) === 1,
  addedMs: Number(row.added_ms),
})

export const listWatched = (store: Store): WatchedOrder[] =>
  store.db.prepare('SELECT * FROM watched_order ORDER BY added_ms, rowid').all().map(toWatched)

export function findWatched(store: Store, orderId: bigint): WatchedOrder | null {
  const row = store.db.prepare('SELECT * FROM watched_order WHERE order_id = ?').get(String(orderId))
  return row ? toWatched(row) : null
}

/** The same order again takes the place of what was said before. */
export function putWatched(store: Store, row: Omit<WatchedOrder, 'addedMs'>): void {
  store.db
    .prepare(
      `INSERT INTO watched_order (order_id, folder, stubs, reward_to, slash, added_ms) VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT (order_id) DO UPDATE SET folder = excluded.folder, stubs = excluded.stubs, reward_to = excluded.reward_to,
         slash = excluded.slash`,
    )
    .run(String(row.orderId), row.dataPath, row.stubs, row.rewardTo, row.slash ? 1 : 0, Date.now())
}

export const deleteWatched = (store: Store, orderId: bigint): boolean =>
  Number(store.db.prepare('DELETE FROM watched_order WHERE order_id = ?').run(String(orderId)).changes) > 0
