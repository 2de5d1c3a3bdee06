import { lstat, mkdir, readdir, rm } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { dirname, join } from 'node:path'
import { DmcError } from '@dmc/core/errors/dmc-error'
import { LEAF_SIZE } from '@dmc/core/merkle/constants'
import type { Journal } from '../store/journal.ts'
import type { Store } from '../store/open-store.ts'
import { startWorker } from '../worker/start-worker.ts'
import { BufferPool } from './buffer-pool.ts'
import { contiguousFrom } from './durable-ranges.ts'
import { freeSpace, notEnoughSpace } from './free-space.ts'
import type { HashOps } from './hash-orders.ts'
import { type MountedSector, mountSector } from './mounted-sector.ts'
import { openOrderCopy } from './order-copy.ts'
import { type FileOrderStore, openOrderStore } from './order-store.ts'
import type { JournalOps } from './sector-journal.ts'
import { deviceOf, MARKER, notMounted, readMarker, writeMarker } from './sector-marker.ts'
import { checkSectorPath } from './sector-path.ts'
import {
  addOrderRow,
  deleteOrderRow,
  deleteSectorRow,
  findOrderRow,
  findSectorRow,
  listOrderRows,
  listSectorRows,
  putSectorRow,
  type SectorRow,
} from './sector-rows.ts'
import type { SectorInfo, SectorService } from './types.ts'
import { openChannel, type WorkerChannel } from './worker-channel.ts'

const MEBIBYTE = 1024 * 1024
const POOL_BYTES = 64 * MEBIBYTE

export interface SectorServiceOptions {
  store: Store
  journal: Journal
  /** Sources and the agent's own folders: no sector may overlap them. Asked at each `add`. */
  forbidden: () => readonly string[]
  /** Memory for data in flight; shared with the server, so that one bound holds for both. */
  pool?: BufferPool
  /** Hashing threads at most; an order always uses the same one, and one that no open order uses is not started. */
  hashThreads?: number
}

/** Each takes some 20 MiB. */
const MOST_HASH_THREADS = 4

/** One for each core but that of the main thread, which moves the bytes. */
export const hashThreadsFor = (cores: number): number => Math.max(1, Math.min(MOST_HASH_THREADS, cores - 1))

/** The miner's disks (flows 1, 8, 9). Sectors are mounted when they are first needed and stay locked until `close`. */
export function openSectorService(options: SectorServiceOptions): SectorService {
  const { store, journal, forbidden, pool = new BufferPool(POOL_BYTES) } = options
  const { hashThreads = hashThreadsFor(availableParallelism()) } = options
  const mounted = new Map<string, Promise<MountedSector>>()
  const stores = new Map<string, Promise<FileOrderStore>>()
  const hashers = new Map<number, WorkerChannel<HashOps>>()
  let journalWorker: WorkerChannel<JournalOps> | null = null

  /** Checks and what they allow go together: two orders never take the same space. */
  let last: Promise<unknown> = Promise.resolve()
  const alone = <T>(work: () => Promise<T>): Promise<T> => {
    const done = last.then(work)
    last = done.catch(() => {})
    return done
  }

  const journalChannel = () => {
    journalWorker ??= openChannel<JournalOps>(startWorker('store', { kind: 'journal' }))
    return journalWorker
  }
  const hashChannel = (orderId: bigint): WorkerChannel<HashOps> => {
    const thread = Number(orderId % BigInt(hashThreads))
    const known = hashers.get(thread)
    if (known) return known
    const started = startHasher()
    hashers.set(thread, started)
    return started
  }
  /** After an upgrade no further thread can be started: orders share what runs, so that no challenge goes unanswered. */
  const startHasher = (): WorkerChannel<HashOps> => {
    try {
      return openChannel<HashOps>(startWorker('store', { kind: 'hash', arena: pool.arena }))
    } catch (error) {
      const [running] = hashers.values()
      if (running) return running
      throw error
    }
  }

  const mustFind = (sectorId: string): SectorRow => {
    const row = findSectorRow(store, sectorId)
    if (row) return row
    throw new DmcError('SECTOR_NOT_FOUND', `There is no sector ${sectorId}.`, {
      hint: 'List them with: dmc-agent sector list',
    })
  }

  const mount = (row: SectorRow): Promise<MountedSector> => {
    const known = mounted.get(row.sectorId)
    if (known) return known
    if (hashers.size === 0) hashers.set(0, startHasher())
    const work = mountSector(row.sectorId, row.path, journalChannel()).then(async (sector) => {
      const device = await deviceOf(row.path)
      if (device !== row.device) {
        putSectorRow(store, { ...row, device })
        journal.add({
          level: 'warning',
          event: 'sector-device-changed',
          subject: `sector:${row.sectorId}`,
          message: `Sector ${row.sectorId} at ${row.path} is on device ${device} now, it was on ${row.device}; its marker is the right one.`,
        })
      }
      for (const orderId of sector.deleted) deleteOrderRow(store, orderId)
      for (const [orderId, { capacity }] of sector.orders) {
        addOrderRow(store, { orderId, sectorId: row.sectorId, capacity })
      }
      return sector
    })
    mounted.set(row.sectorId, work)
    work.catch(() => mounted.delete(row.sectorId))
    return work
  }

  /** Its disk is elsewhere now: what is open of it lies where it was mounted before. */
  const leave = async (sectorId: string, at: string): Promise<void> => {
    for (const { orderId } of listOrderRows(store, sectorId)) {
      await (await stores.get(orderId)?.catch(() => null))?.close()
      stores.delete(orderId)
    }
    const before = mounted.get(sectorId)
    mounted.delete(sectorId)
    await (await before?.catch(() => null))?.unmount(at)
  }

  const reservedOn = (sectorId: string): number =>
    listOrderRows(store, sectorId).reduce((sum, { capacity }) => sum + capacity, 0)

  const info = async (row: SectorRow): Promise<SectorInfo> => {
    const marker = await readMarker(row.path).catch(() => null)
    const reserved = reservedOn(row.sectorId)
    return {
      sectorId: row.sectorId,
      path: row.path,
      size: row.size,
      reserved,
      state: reserved > 0 ? 'storing' : 'registered',
      mounted: marker?.id === row.sectorId,
    }
  }

  const openOrder = async (orderId: string, sector: MountedSector): Promise<FileOrderStore> => {
    const order = sector.orders.get(orderId)
    if (!order) {
      throw new DmcError(
        'SECTOR_DAMAGED',
        `Sector ${sector.sectorId} at ${sector.path} no longer knows order ${orderId}.`,
        {
          hint: 'Was an older copy of this disk put in place? Put the newest one back.',
        },
      )
    }
    return openOrderStore({
      orderId: BigInt(orderId),
      capacity: order.capacity,
      dataPath: sector.dataPath(orderId),
      rootsPath: sector.rootsPath(orderId),
      twigsPath: sector.twigsPath(orderId),
      state: order.state,
      hash: hashChannel(BigInt(orderId)),
      pool,
      save: (state) => sector.save(orderId, state),
      onDamaged: (chunks, error) =>
        journal.add({
          level: 'error',
          event: 'sector-damaged',
          subject: `order:${orderId}`,
          message: error.message,
          data: { sectorId: sector.sectorId, chunks: chunks.slice(0, 1000) },
        }),
    })
  }

  const open = async (orderId: bigint): Promise<FileOrderStore | null> => {
    const key = orderId.toString()
    const known = stores.get(key)
    if (known) return known
    const row = findOrderRow(store, key)
    if (!row) return null
    const sector = await mount(mustFind(row.sectorId))
    // the mount may have finished a deletion that a kill had cut off; others may have opened it meanwhile
    if (!findOrderRow(store, key)) return null
    const work = stores.get(key) ?? openOrder(key, sector)
    stores.set(key, work)
    work.catch(() => stores.delete(key))
    return work
  }

  return {
    add: (path, size) =>
      alone(async () => {
        if (!Number.isSafeInteger(size) || size <= 0 || size % MEBIBYTE !== 0) {
          throw new DmcError('BAD_SIZE', `A sector of ${size} bytes can't be offered.`, {
            hint: 'Use whole MiB, such as 500GiB.',
          })
        }
        const known = listSectorRows(store)
        const lost = known.find((row) => row.path === path)
        if (lost && !(await readMarker(path))) throw notMounted(lost.sectorId, path)
        const marker = await readMarker(path).catch(() => null)
        // a folder that already is a sector: this agent's state was lost, or the disk is mounted elsewhere now
        const elsewhere = marker && known.find((row) => row.sectorId === marker.id && row.path !== path)
        const moved = elsewhere && (await readMarker(elsewhere.path).catch(() => null))?.id !== marker.id
        const others = known.filter((row) => !(moved && row === elsewhere))
        const real = await checkSectorPath(path, others, [...forbidden(), store.dataDir])
        if (!marker) await readMarker(real) // throws for one that can't be understood
        const exists = await lstat(real).catch(() => null)
        if (exists && !marker) await mustBeEmpty(real)
        const free = await freeSpace(exists ? real : dirname(real))
        const held = marker ? reservedOn(marker.id) : 0
        if (size - held > free) throw notEnoughSpace(`on the disk of ${real}`, free + held, size)
        if (!exists) await mkdir(real, { mode: 0o700 })
        const { id } = marker ?? (await writeMarker(real))
        const row: SectorRow = { sectorId: id, path: real, size, device: await deviceOf(real) }
        if (moved) await leave(id, real)
        const before = findSectorRow(store, id)
        putSectorRow(store, row)
        try {
          await mount(row)
        } catch (error) {
          // another agent has it, say: then it is not ours
          if (before) putSectorRow(store, before)
          else deleteSectorRow(store, id)
          throw error
        }
        journal.add({
          event: 'sector-added',
          subject: `sector:${id}`,
          message: marker
            ? `Sector ${id} at ${real} is back with ${listOrderRows(store, id).length} orders.`
            : `Sector ${id} at ${real} offers ${size / MEBIBYTE} MiB.`,
        })
        return info(row)
      }),

    list: () => Promise.all(listSectorRows(store).map(info)),

    remove: (sectorId) =>
      alone(async () => {
        const row = mustFind(sectorId)
        const orders = listOrderRows(store, sectorId)
        if (orders.length > 0) {
          throw new DmcError('SECTOR_IN_USE', `Sector ${sectorId} holds ${orders.length} orders.`, {
            hint: 'Wait until they have ended and their grace period is over; cancel its bill so that no new ones come.',
          })
        }
        const sector = await mount(row)
        if (sector.orders.size > 0)
          throw new Error(`sector ${sectorId} holds orders that state.db does not know`)
        await sector.unmount()
        mounted.delete(sectorId)
        await rm(join(row.path, 'orders'), { recursive: true, force: true })
        for (const name of ['sector.db', 'sector.db-wal', 'sector.db-shm', MARKER]) {
          await rm(join(row.path, name), { force: true })
        }
        deleteSectorRow(store, sectorId)
        journal.add({
          event: 'sector-removed',
          subject: `sector:${sectorId}`,
          message: `Sector ${sectorId} at ${row.path} is no longer offered.`,
        })
      }),

    reserve: (orderId, sectorId, capacity) =>
      alone(async () => {
        const known = await open(orderId)
        if (known) return known
        const row = mustFind(sectorId)
        if (!Number.isSafeInteger(capacity) || capacity <= 0 || capacity % MEBIBYTE !== 0) {
          throw new DmcError('BAD_SIZE', `A capacity of ${capacity} bytes can't be reserved.`, {
            hint: 'Use whole MiB.',
          })
        }
        const sector = await mount(row)
        const left = row.size - reservedOn(sectorId)
        if (capacity > left) throw notEnoughSpace(`on sector ${sectorId}`, Math.max(left, 0), capacity)
        const key = orderId.toString()
        await sector.create(key, capacity)
        addOrderRow(store, { orderId: key, sectorId, capacity })
        const opened = await open(orderId)
        if (!opened) throw new Error(`order ${orderId} is not there after it was reserved`)
        return opened
      }),

    open,

    async reopen(orderId) {
      const order = await open(orderId)
      await order?.reopen()
      return order
    },

    async scrub(orderId, onStep, fromChunk) {
      const order = await open(orderId)
      if (!order) throw orderNotHere(orderId)
      return order.scrub(onStep, fromChunk)
    },

    openCopy: (options) => openOrderCopy(options, hashChannel(options.orderId)),

    deleteOrder: (orderId) =>
      alone(async () => {
        const key = orderId.toString()
        const row = findOrderRow(store, key)
        if (!row) return
        const sector = await mount(mustFind(row.sectorId))
        await (await stores.get(key)?.catch(() => null))?.close()
        stores.delete(key)
        if (sector.orders.has(key)) await sector.delete(key, () => deleteOrderRow(store, key))
        else deleteOrderRow(store, key)
      }),

    async orders() {
      const held = listOrderRows(store)
      return Promise.all(
        held.map(async ({ orderId, sectorId, capacity }) => {
          // from the sector's journal: no file is opened for a list
          const sector = await mount(mustFind(sectorId)).catch(() => null)
          const { ranges = [], commitment } = sector?.orders.get(orderId)?.state ?? {}
          const durableSize = contiguousFrom(ranges, 0, capacity / LEAF_SIZE) * LEAF_SIZE
          const committedSize = Number(commitment?.size ?? 0n)
          return { orderId: BigInt(orderId), sectorId, capacity, durableSize, committedSize }
        }),
      )
    },

    async close() {
      for (const order of stores.values()) await (await order.catch(() => null))?.close()
      stores.clear()
      for (const sector of mounted.values()) await (await sector.catch(() => null))?.unmount()
      mounted.clear()
      await Promise.all([...hashers.values(), journalWorker].map((worker) => worker?.close()))
      hashers.clear()
      journalWorker = null
    },
  }
}

/** A fresh file system has its own folder; anything else belongs to somebody. */
async function mustBeEmpty(folder: string): Promise<void> {
  const found = (await readdir(folder)).filter((name) => name !== 'lost+found')
  if (found.length === 0) return
  throw new DmcError(
    'SECTOR_PATH_REFUSED',
    `${folder} can't be a sector: it is not empty (${found.slice(0, 3).join(', ')}).`,
    {
      hint: 'Choose an empty folder of its own, such as a new one beside these files.',
    },
  )
}

const orderNotHere = (orderId: bigint) =>
  new DmcError('ORDER_NOT_FOUND', `This host holds nothing for order ${orderId}.`, {
    hint: 'List what it holds with: dmc-agent sector list',
  })
