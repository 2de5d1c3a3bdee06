import { lstat, mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { DmcError } from '@dmc/core/errors/dmc-error'
import { fromRow, NEW_ORDER, type OrderState, toRow } from './order-row.ts'
import { reserveFile } from './reserve-file.ts'
import type { JournalOps, OrderRow } from './sector-journal.ts'
import { lockSector } from './sector-lock.ts'
import { notMounted, readMarker } from './sector-marker.ts'
import { syncFolder } from './sync-folder.ts'
import type { WorkerChannel } from './worker-channel.ts'

const JOURNAL = 'sector.db'
const ORDERS = 'orders'

/** A sector whose disk is there, locked by this process, its journal open. */
export interface MountedSector {
  readonly sectorId: string
  readonly path: string
  /** Orders that lie here, from the sector's own journal. */
  readonly orders: ReadonlyMap<string, { capacity: number; state: OrderState }>
  dataPath(orderId: string): string
  rootsPath(orderId: string): string
  twigsPath(orderId: string): string
  /** Journal row, fsynced when it resolves. */
  save(orderId: string, state: OrderState): Promise<void>
  /** Takes the space and then the row; the same order again is harmless. */
  create(orderId: string, capacity: number): Promise<void>
  /** Orders whose deletion a kill had cut off and this mount has finished. */
  readonly deleted: readonly string[]
  /**
   * Marked, then `forgotten` by the caller, then the files, then the row: whatever a kill cuts off is finished at the
   * next mount, and nobody misses an order that was deleted.
   */
  delete(orderId: string, forgotten: () => void): Promise<void>
  /** `at`: where it lies now, if its disk was mounted elsewhere. */
  unmount(at?: string): Promise<void>
}

/**
 * Opens a sector folder (flow 1). Nothing is ever created where the marker is missing: that is a disk that is not
 * mounted, not an empty sector.
 * @throws SECTOR_NOT_MOUNTED, SECTOR_LOCKED, SECTOR_DAMAGED
 */
export async function mountSector(
  sectorId: string,
  path: string,
  journal: WorkerChannel<JournalOps>,
): Promise<MountedSector> {
  const marker = await readMarker(path)
  if (marker?.id !== sectorId) throw notMounted(sectorId, path)
  const unlock = await lockSector(path)
  const db = join(path, JOURNAL)
  const folder = join(path, ORDERS)
  const orders = new Map<string, { capacity: number; state: OrderState }>()
  const deleted: string[] = []
  const file = (orderId: string, kind: 'data' | 'roots' | 'twigs') => join(folder, `${orderId}.${kind}`)
  const forget = async (orderId: string) => {
    await rm(file(orderId, 'data'), { force: true })
    await rm(file(orderId, 'roots'), { force: true })
    await rm(file(orderId, 'twigs'), { force: true })
    await syncFolder(folder)
    await journal.call('remove', { path: db, orderId })
    orders.delete(orderId)
  }
  try {
    await mkdir(folder, { mode: 0o700, recursive: true })
    await mustKeepJournal(db, folder)
    for (const row of await journal.call('open', { path: db })) {
      orders.set(row.orderId, { capacity: row.capacity, state: stateOf(db, row) })
      if (!row.deleting) continue
      await forget(row.orderId)
      deleted.push(row.orderId)
    }
  } catch (error) {
    await journal.call('close', { path: db })
    await unlock()
    throw error
  }
  const find = (orderId: string) => {
    const order = orders.get(orderId)
    if (!order) throw new Error(`order ${orderId} is not on sector ${sectorId}`)
    return order
  }
  return {
    sectorId,
    path,
    orders,
    deleted,
    dataPath: (orderId) => file(orderId, 'data'),
    rootsPath: (orderId) => file(orderId, 'roots'),
    twigsPath: (orderId) => file(orderId, 'twigs'),
    async save(orderId, state) {
      const order = find(orderId)
      await journal.call('save', { path: db, row: toRow(BigInt(orderId), order.capacity, state) })
      order.state = state
    },
    async create(orderId, capacity) {
      if (orders.has(orderId)) return
      await reserveFile(file(orderId, 'data'), capacity, await promised(orders, file))
      await journal.call('save', { path: db, row: toRow(BigInt(orderId), capacity, NEW_ORDER) })
      orders.set(orderId, { capacity, state: NEW_ORDER })
    },
    async delete(orderId, forgotten) {
      const { capacity, state } = find(orderId)
      await journal.call('save', { path: db, row: toRow(BigInt(orderId), capacity, state, true) })
      forgotten()
      await forget(orderId)
    },
    async unmount(at) {
      await journal.call('close', { path: db })
      await unlock(at)
    },
  }
}

/** Bytes that sparse files of accepted orders may still take from the disk. */
async function promised(
  orders: ReadonlyMap<string, { capacity: number }>,
  file: (orderId: string, kind: 'data') => string,
): Promise<number> {
  let sum = 0
  for (const [orderId, { capacity }] of orders) {
    const stat = await lstat(file(orderId, 'data')).catch(() => null)
    sum += Math.max(0, capacity - (stat?.blocks ?? 0) * 512)
  }
  return sum
}

/** Data without the journal that says what of it is durable is damage, not a new sector. */
async function mustKeepJournal(db: string, folder: string): Promise<void> {
  if (await lstat(db).catch(() => null)) return
  const data = (await readdir(folder)).filter((name) => name.endsWith('.data'))
  if (data.length === 0) return
  throw new DmcError('SECTOR_DAMAGED', `${db} is missing, but ${data.length} orders have data beside it.`, {
    hint: 'Put the file back from a copy of the disk; no data was touched.',
  })
}

function stateOf(db: string, row: OrderRow): OrderState {
  try {
    return fromRow(row)
  } catch (error) {
    throw new DmcError('SECTOR_DAMAGED', `${db}: the row of order ${row.orderId} can't be read.`, {
      hint: 'Check the disk; no data was touched.',
      cause: error,
    })
  }
}
