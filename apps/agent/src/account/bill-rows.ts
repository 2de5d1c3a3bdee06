import type { Store } from '../store/open-store.ts'

/** Which sector a bill of this host sells; null when the bill is not this host's. */
export function sectorOfBill(store: Store, billId: bigint): string | null {
  const row = store.db.prepare('SELECT sector_id FROM bill WHERE bill_id = ?').get(billId.toString())
  return row ? String(row.sector_id) : null
}

export function billsOfSector(store: Store, sectorId: string): bigint[] {
  const rows = store.db
    .prepare('SELECT bill_id FROM bill WHERE sector_id = ? ORDER BY created_at, rowid')
    .all(sectorId)
  return rows.map((row) => BigInt(String(row.bill_id)))
}

export function linkBill(store: Store, billId: bigint, sectorId: string): void {
  store.db
    .prepare('INSERT INTO bill (bill_id, sector_id, created_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING')
    .run(billId.toString(), sectorId, Date.now())
}

/** Names the wish for the next bill of a sector: repeated after a crash it is the same transaction, not a second bill. */
export const billIntent = (store: Store, market: string, sectorId: string): string =>
  `bill:${market}:${sectorId}:${billsOfSector(store, sectorId).length}`
