import type { ContractState } from '@dmc/core/market/states'
import type { Store } from '../store/open-store.ts'

export type ContractRole = 'user' | 'miner'

export interface ContractRow {
  orderId: bigint
  role: ContractRole
  state: ContractState
  billId: bigint
  sourceId: string | null
  /** 16 bytes hex of the volume that lies in this order; null until the first backup. */
  volumeId: string | null
  volumeNumber: number | null
  sectorId: string | null
  capacityMib: number
  reason: string
  /** The commitment our side has stated, or is about to state, on chain; `root size`. null = no statement of ours stands. */
  stated: string | null
  /** Unix ms when a final state was first seen confirmed; data is deleted only after a grace period. null in a closed one: it is deleted. */
  finalAt: number | null
  createdAt: number
}

const COLUMNS = `order_id, role, state, bill_id, source_id, volume_id, volume_number, sector_id, capacity_mib, reason, stated, final_at, created_at`

function toRow(row: Record<string, unknown>): ContractRow {
  return {
    orderId: BigInt(String(row.order_id)),
    role: row.role as ContractRole,
    state: row.state as ContractState,
    billId: BigInt(String(row.bill_id)),
    sourceId: row.source_id as string | null,
    volumeId: row.volume_id as string | null,
    volumeNumber: row.volume_number as number | null,
    sectorId: row.sector_id as string | null,
    capacityMib: Number(row.capacity_mib),
    reason: String(row.reason),
    stated: row.stated as string | null,
    finalAt: row.final_at as number | null,
    createdAt: Number(row.created_at),
  }
}

/** All contracts of a role, oldest first. */
export function listContracts(store: Store, role: ContractRole): ContractRow[] {
  return store.db
    .prepare(`SELECT ${COLUMNS} FROM contract WHERE role = ? ORDER BY created_at, rowid`)
    .all(role)
    .map(toRow)
}

export function findContract(store: Store, orderId: bigint, role: ContractRole): ContractRow | null {
  const row = store.db
    .prepare(`SELECT ${COLUMNS} FROM contract WHERE order_id = ? AND role = ?`)
    .get(orderId.toString(), role)
  return row ? toRow(row) : null
}

/** Orders that a source may be backed up into, as far as this host knows; the newest first. */
export function contractsOfSource(store: Store, sourceId: string): ContractRow[] {
  return store.db
    .prepare(
      `SELECT ${COLUMNS} FROM contract WHERE role = 'user' AND source_id = ? AND state NOT IN ('refused','closed')
       ORDER BY created_at DESC, rowid DESC`,
    )
    .all(sourceId)
    .map(toRow)
}

/** Inserts once; a second call for the same order and role changes nothing. */
export function addContract(
  store: Store,
  row: Pick<ContractRow, 'orderId' | 'role' | 'billId' | 'capacityMib'> & {
    sourceId?: string
    sectorId?: string
  },
): void {
  store.db
    .prepare(
      `INSERT INTO contract (order_id, role, state, bill_id, source_id, sector_id, capacity_mib, created_at)
       VALUES (?, ?, 'applying', ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
    )
    .run(
      row.orderId.toString(),
      row.role,
      row.billId.toString(),
      row.sourceId ?? null,
      row.sectorId ?? null,
      row.capacityMib,
      Date.now(),
    )
}

export function setContract(
  store: Store,
  orderId: bigint,
  role: ContractRole,
  change: Partial<
    Pick<ContractRow, 'state' | 'volumeId' | 'volumeNumber' | 'sectorId' | 'reason' | 'stated' | 'finalAt'>
  >,
): void {
  const entries = Object.entries(change) as [keyof typeof NAMES, string | number | null][]
  if (entries.length === 0) return
  // one statement: a kill must not leave half of a change
  const set = entries.map(([key]) => `${NAMES[key]} = ?`).join(', ')
  store.db
    .prepare(`UPDATE contract SET ${set} WHERE order_id = ? AND role = ?`)
    .run(...entries.map(([, value]) => value), orderId.toString(), role)
}

const NAMES = {
  state: 'state',
  volumeId: 'volume_id',
  volumeNumber: 'volume_number',
  sectorId: 'sector_id',
  reason: 'reason',
  stated: 'stated',
  finalAt: 'final_at',
} as const
