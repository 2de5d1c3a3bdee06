import { type RetentionPolicy, retentionPolicy } from '@dmc/core/schedule/retention'
import type { Store } from '../store/open-store.ts'

/** What a source keeps of its snapshots; null: all. */
export function findRetention({ db }: Store, sourceId: string): RetentionPolicy | null {
  const row = db.prepare('SELECT policy FROM source_retention WHERE source_id = ?').get(sourceId)
  return row ? retentionPolicy.parse(JSON.parse(String(row.policy))) : null
}

export function saveRetention({ db }: Store, sourceId: string, policy: RetentionPolicy | null): void {
  if (policy === null) {
    db.prepare('DELETE FROM source_retention WHERE source_id = ?').run(sourceId)
    return
  }
  db.prepare(
    'INSERT INTO source_retention (source_id, policy) VALUES (?, ?) ON CONFLICT (source_id) DO UPDATE SET policy = excluded.policy',
  ).run(sourceId, JSON.stringify(policy))
}
