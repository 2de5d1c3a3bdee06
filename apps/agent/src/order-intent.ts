import type { Store } from './store/open-store.ts'

/** Names the wish for the next order of a source: repeated after a crash it is the same transaction, not a second order. */
export function orderIntent(store: Store, market: string, sourceId: string): string {
  const row = store.db
    .prepare("SELECT count(*) AS orders FROM contract WHERE role = 'user' AND source_id = ?")
    .get(sourceId)
  return `order:${market}:${sourceId}:${Number(row?.orders ?? 0)}`
}
