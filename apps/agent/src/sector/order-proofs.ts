import { readFile } from 'node:fs/promises'
import type { Commitment } from '@dmc/core/chain/types'
import { DmcError } from '@dmc/core/errors/dmc-error'
import { CHUNK_SIZE, HASH_SIZE } from '@dmc/core/merkle/constants'
import type { Hex } from 'viem'
import { replaceFile } from './data-file.ts'
import type { HashOps } from './hash-orders.ts'
import { errnoOf } from './storage-error.ts'
import type { ScrubStep } from './types.ts'
import type { WorkerChannel } from './worker-channel.ts'

const REHASH_CHUNKS = 64
/** Where somebody watches, or holds it back: others get their turn in between. */
const STEP_CHUNKS = 16

export interface OrderProofsOptions {
  /** Its id, as the hashing worker knows it. */
  order: string
  dataPath: string
  rootsPath: string
  hash: WorkerChannel<HashOps>
  onDamaged: (chunks: number[], error: DmcError) => void
}

/**
 * What stands between an order's data and its proofs (flow 9): the tree in the hashing worker, made from stored roots
 * that are believed only when they lead to the commitment as a whole, or from the data.
 */
export class OrderProofs {
  readonly #at: OrderProofsOptions
  readonly #proving = new Map<string, Promise<void>>()

  constructor(options: OrderProofsOptions) {
    this.#at = options
  }

  /**
   * Makes the tree lead to `commitment`: from the stored roots, or, when those are wrong, from the data again. Who asks meanwhile
   * waits for the same work.
   */
  prove(commitment: Commitment): Promise<void> {
    const key = `${commitment.size}:${lower(commitment.root)}`
    const known = this.#proving.get(key)
    if (known) return known
    const work = this.#prove(commitment).finally(() => this.#proving.delete(key))
    this.#proving.set(key, work)
    return work
  }

  async #prove(commitment: Commitment): Promise<void> {
    const size = Number(commitment.size)
    const root = lower(commitment.root)
    const at = { order: this.#at.order, size, root }
    if (await this.#at.hash.call('isProven', at)) return
    const roots = await this.#storedRoots(size)
    if ((await this.told(this.#at.hash.call('load', { ...at, roots }))) === root) return
    await this.rehash(size, true)
    if ((await this.#at.hash.call('prove', at)) === root) {
      await this.storeRoots(size)
      return
    }
    const error = new DmcError(
      'SECTOR_DAMAGED',
      `${this.#at.dataPath}: the data no longer leads to root ${root}.`,
      {
        hint: 'Check the disk. The stored chunk roots are damaged too, so which chunk it is can’t be told.',
      },
    )
    this.#at.onDamaged([], error)
    throw error
  }

  /** Hashes the data below `size` again: what is not yet hashed here, or `all`. @throws SECTOR_DAMAGED unless `all` */
  async rehash(size: number, all: boolean, onStep?: ScrubStep, fromChunk = 0): Promise<number[]> {
    const damaged: number[] = []
    const most = onStep ? STEP_CHUNKS : REHASH_CHUNKS
    for (let from = fromChunk; from * CHUNK_SIZE < size; ) {
      const step = await this.told(
        this.#at.hash.call('rehash', { order: this.#at.order, size, from, most, all }),
      )
      damaged.push(...step.damaged)
      const done = Math.min(size, step.next * CHUNK_SIZE)
      await onStep?.(done - from * CHUNK_SIZE, done, size)
      from = step.next
    }
    if (damaged.length > 0) {
      const error = new DmcError(
        'SECTOR_DAMAGED',
        `${this.#at.dataPath}: ${damaged.length} ${damaged.length === 1 ? 'chunk is' : 'chunks are'} damaged (${damaged.slice(0, 8).join(', ')}).`,
        { hint: 'Check the disk.', meta: { chunks: damaged.slice(0, 64).join(',') } },
      )
      this.#at.onDamaged(damaged, error)
      if (!all) throw error
    }
    return damaged
  }

  /** Passes on; damage goes to the journal first. */
  async told<T>(work: Promise<T>): Promise<T> {
    try {
      return await work
    } catch (error) {
      if (DmcError.is(error) && error.code === 'SECTOR_DAMAGED') {
        const chunks = String(error.meta.chunks ?? '')
        this.#at.onDamaged(chunks === '' ? [] : chunks.split(',').map(Number), error)
      }
      throw error
    }
  }

  /** Keeps the chunk roots of a proven commitment for the next start. */
  async storeRoots(size: number): Promise<void> {
    await replaceFile(this.#at.rootsPath, await this.#at.hash.call('dump', { order: this.#at.order, size }))
  }

  async #storedRoots(size: number): Promise<Uint8Array> {
    try {
      const roots = await readFile(this.#at.rootsPath)
      return new Uint8Array(roots.subarray(0, Math.floor(size / CHUNK_SIZE) * HASH_SIZE))
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return new Uint8Array()
      throw error
    }
  }
}

export const lower = (root: Hex): Hex => root.toLowerCase() as Hex
