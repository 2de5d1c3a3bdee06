import type { Store } from '../store/open-store.ts'

export interface SectorRow {
  sectorId: string
  path: string
  /** Bytes offered. */
  size: number
  device: string
}

export interface SectorOrderRow {
  orderId: string
  sectorId: string
  /** Bytes. */
  capacity: number
}

const SECTOR = 'sector_id AS sectorId, path, size, device'
const ORDER = 'order_id AS orderId, sector_id AS sectorId, capacity'

export const listSectorRows = (store: Store): SectorRow[] =>
  store.db.prepare(`SELECT ${SECTOR} FROM sector ORDER BY created_at, rowid`).all() as unknown as SectorRow[]

export const findSectorRow = (store: Store, sectorId: string): SectorRow | null =>
  (store.db
    .prepare(`SELECT ${SECTOR} FROM sector WHERE sector_id = ?`)
    .get(sectorId) as unknown as SectorRow) ?? null

/** Adds a sector, or says where it is now. */
export function putSectorRow(store: Store, row: SectorRow): void {
  store.db
    .prepare(
      `INSERT INTO sector (sector_id, path, size, device, created_at) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (sector_id) DO UPDATE SET path = excluded.path, size = excluded.size, device = excluded.device`,
    )
    .run(row.sectorId, row.path, row.size, row.device, Date.now())
}

export function deleteSectorRow(store: Store, sectorId: string): void {
  store.db.prepare('DELETE FROM sector WHERE sector_id = ?').run(sectorId)
}

export const listOrderRows = (store: Store, sectorId?: string): SectorOrderRow[] =>
  store.db
    .prepare(`SELECT ${ORDER} FROM sector_order WHERE ? IS NULL OR sector_id = ? ORDER BY created_at, rowid`)
    .all(sectorId ?? null, sectorId ?? null) as unknown as SectorOrderRow[]

export const findOrderRow = (store: Store, orderId: string): SectorOrderRow | null =>
  (store.db
    .prepare(`SELECT ${ORDER} FROM sector_order WHERE order_id = ?`)
    .get(orderId) as unknown as SectorOrderRow) ?? null

/** The same order again changes nothing. */
export function addOrderRow(store: Store, row: SectorOrderRow): void {
  store.db
    .prepare(
      `INSERT INTO sector_order (order_id, sector_id, capacity, created_at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING`,
    )
    .run(row.orderId, row.sectorId, row.capacity, Date.now())
}

export function deleteOrderRow(store: Store, orderId: string): void {
  store.db.prepare('DELETE FROM sector_order WHERE order_id = ?').run(orderId)
}
