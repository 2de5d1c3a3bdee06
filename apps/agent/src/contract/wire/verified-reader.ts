import type { Commitment } from '@dmc/core/chain/types'
import { DmcError } from '@dmc/core/errors/dmc-error'
import { CHUNK_SIZE } from '@dmc/core/merkle/constants'
import { giveBack } from '../../disk/give-back.ts'
import type { VolumeReader } from '../../source/types.ts'
import type { MinerClient } from './miner-client.ts'

/** One volume: where it is read from and what it must be. */
export interface ReadableVolume {
  /** 16 bytes hex. */
  volumeId: string
  client: Pick<MinerClient, 'chunks'>
  commitment: Commitment
}

export interface VerifiedReaderOptions {
  volumes: readonly ReadableVolume[]
  /** Memory for whole verified chunks. */
  cacheBytes?: number
  /** Chunks in one request, when neighbours are missing. */
  runChunks?: number
  /** Chunks fetched ahead while reading goes forward. */
  ahead?: number
}

interface Slot {
  key: string
  memory: Buffer
  /** The part of `memory` that is data: less than a chunk at the end of a volume. */
  length: number
  /** Resolves when the chunk is here and verified. */
  ready: Promise<void>
  users: number
}

/**
 * Reads volumes over the wire, in whole chunks that are verified against the commitment before a byte of them is given
 * out (flow 11). Neighbouring chunks go into one request, reading forward fetches ahead, and the least recently used
 * chunks make room in fixed memory. Works in any thread: hashing happens where it is called.
 */
export function openVerifiedReader(options: VerifiedReaderOptions): VolumeReader & { close(): void } {
  const { volumes, cacheBytes = 20 * CHUNK_SIZE, runChunks = 4, ahead = 8 } = options
  const most = Math.max(Math.floor(cacheBytes / CHUNK_SIZE), runChunks + ahead + 2)
  const byId = new Map(volumes.map((volume) => [volume.volumeId, volume]))
  /** Insertion order is age: a used slot is put in again. */
  const slots = new Map<string, Slot>()
  const spare: Buffer[] = []
  const waiting: (() => void)[] = []
  const lastRead = new Map<string, number>()
  const closing = new AbortController()

  const find = (volumeId: string): ReadableVolume => {
    const volume = byId.get(volumeId)
    if (volume) return volume
    throw new DmcError('LOG_CORRUPT', `Volume ${volumeId} is not one of this source's orders.`, {
      hint: 'Add the order that holds it, or restore an older snapshot.',
    })
  }

  /** Memory for one chunk, from the oldest chunk that nobody is reading. */
  const memory = (): Buffer | null => {
    const free = spare.pop()
    if (free) return free
    if (slots.size < most) return Buffer.allocUnsafeSlow(CHUNK_SIZE)
    for (const [key, slot] of slots) {
      if (slot.users > 0) continue
      slots.delete(key)
      return slot.memory
    }
    return null
  }

  const release = (slot: Slot) => {
    slot.users--
    if (slot.users === 0) for (const wake of waiting.splice(0)) wake()
  }

  /** Starts fetching chunks that are not here, several neighbours at once. Each new slot has one user: the fetch. */
  const fetch = (volume: ReadableVolume, first: number, count: number): void => {
    const { volumeId, client, commitment } = volume
    const run: Slot[] = []
    const size = Number(commitment.size)
    for (let chunk = first; chunk < first + count; chunk++) {
      const into = memory()
      if (!into) break
      const slot: Slot = {
        key: `${volumeId}/${chunk}`,
        memory: into,
        length: Math.min(CHUNK_SIZE, size - chunk * CHUNK_SIZE),
        ready: Promise.resolve(),
        users: 1,
      }
      run.push(slot)
      slots.set(slot.key, slot)
    }
    if (run.length === 0) return
    const into = run.map((slot) => slot.memory.subarray(0, slot.length))
    const ready = client.chunks(first, into, commitment, closing.signal)
    for (const slot of run) slot.ready = ready
    ready
      .catch(() => {
        for (const slot of run) {
          // not cached: the next reader asks again
          if (slots.get(slot.key) === slot) slots.delete(slot.key)
          if (slots.size + spare.length < most) spare.push(slot.memory)
        }
      })
      .finally(() => {
        for (const slot of run) release(slot)
      })
  }

  /** Missing chunks from `first` on, up to the first that is here. */
  const missing = (volumeId: string, first: number, last: number): number => {
    let count = 0
    while (first + count <= last && count < runChunks && !slots.has(`${volumeId}/${first + count}`)) count++
    return count
  }

  const acquire = async (volume: ReadableVolume, chunk: number, last: number): Promise<Slot> => {
    const key = `${volume.volumeId}/${chunk}`
    for (;;) {
      const slot = slots.get(key)
      if (slot) {
        slots.delete(key)
        slots.set(key, slot)
        slot.users++
        try {
          await slot.ready
          return slot
        } catch (error) {
          release(slot)
          throw error
        }
      }
      fetch(volume, chunk, Math.max(1, missing(volume.volumeId, chunk, last)))
      if (!slots.has(key)) await new Promise<void>((resolve) => waiting.push(resolve))
    }
  }

  /** Going forward: the next chunks are asked for before anybody needs them. */
  const readAhead = (volume: ReadableVolume, first: number, last: number): void => {
    const before = lastRead.get(volume.volumeId)
    lastRead.set(volume.volumeId, last)
    if (before === undefined || first < before || first > before + 1) return
    const lastOfVolume = Math.ceil(Number(volume.commitment.size) / CHUNK_SIZE) - 1
    const end = Math.min(last + ahead, lastOfVolume)
    for (let chunk = last + 1; chunk <= end; ) {
      const count = missing(volume.volumeId, chunk, end)
      // small requests ahead are not worth their round trip, except at the end of the volume
      const worth = count === runChunks || (count > 0 && chunk + count - 1 === lastOfVolume)
      if (worth) fetch(volume, chunk, count)
      chunk += Math.max(count, 1)
    }
  }

  return {
    async read(volumeId, offset, length, signal) {
      const volume = find(volumeId)
      if (offset < 0 || length < 0 || offset + length > Number(volume.commitment.size)) {
        throw new DmcError(
          'LOG_CORRUPT',
          `Bytes ${offset} to ${offset + length} are past the end of volume ${volumeId}.`,
          {
            hint: 'The snapshot points outside its volume: restore an older one.',
          },
        )
      }
      const data = Buffer.allocUnsafe(length)
      if (length === 0) return data
      const firstChunk = Math.floor(offset / CHUNK_SIZE)
      const lastChunk = Math.floor((offset + length - 1) / CHUNK_SIZE)
      for (let chunk = firstChunk; chunk <= lastChunk; chunk++) {
        signal?.throwIfAborted()
        const wanted = acquire(volume, chunk, lastChunk)
        if (chunk === firstChunk) readAhead(volume, firstChunk, lastChunk)
        const slot = await wanted
        const start = Math.max(offset, chunk * CHUNK_SIZE)
        const end = Math.min(offset + length, (chunk + 1) * CHUNK_SIZE)
        slot.memory.copy(data, start - offset, start - chunk * CHUNK_SIZE, end - chunk * CHUNK_SIZE)
        release(slot)
      }
      return data
    },
    close() {
      closing.abort()
      // at once: whoever opens the next reader would have this memory beside its own until it is collected
      for (const memory of spare.splice(0)) giveBack(memory)
      for (const { memory, users } of slots.values()) if (users === 0) giveBack(memory)
      slots.clear()
    },
  }
}
