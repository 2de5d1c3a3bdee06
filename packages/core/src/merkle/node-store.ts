import { DmcError } from '../errors/dmc-error.ts'
import { HASH_SIZE } from './constants.ts'
import { foldNodes } from './fold-nodes.ts'
import { sameHash } from './hash-hex.ts'
import type { Hasher } from './hasher.ts'
import { hashPair } from './zero-nodes.ts'

/** Nodes are kept from this height above the chunk roots on; below, 15 hashes at most make one again. */
const KEPT_FROM = 4
const RUN = 2 ** KEPT_FROM

/** Nodes of one height, of which the first `valid` are right. */
interface Level {
  bytes: Uint8Array<ArrayBuffer>
  valid: number
}

/**
 * Growable array of chunk roots that gives any node over whole runs of them. A node above is made on demand
 * and kept until a root under it changes.
 */
export class NodeStore {
  readonly #hasher: Hasher
  #roots = new Uint8Array(64 * HASH_SIZE)
  #length = 0
  /** Element j: height KEPT_FROM + j. */
  readonly #levels: Level[] = []
  readonly #run = new Uint8Array(RUN * HASH_SIZE)
  readonly #runScratch = new Uint8Array((RUN / 2) * HASH_SIZE)

  constructor(hasher: Hasher) {
    this.#hasher = hasher
  }

  get length(): number {
    return this.#length
  }

  /** @throws DmcError BUG when `root` is not 32 bytes or all zero */
  set(index: number, root: Uint8Array): void {
    // A chunk root over data is never 32 zero bytes: they mark what was not set.
    if (root.length !== HASH_SIZE || root.every((byte) => byte === 0))
      throw bug(`Chunk ${index} was given no root.`)
    if ((index + 1) * HASH_SIZE > this.#roots.length)
      this.#roots = grown(this.#roots, (index + 1) * HASH_SIZE)
    const place = this.#roots.subarray(index * HASH_SIZE, (index + 1) * HASH_SIZE)
    if (index < this.#length && sameHash(place, root)) return
    place.set(root)
    this.#length = Math.max(this.#length, index + 1)
    this.#drop(index)
  }

  has(index: number): boolean {
    const at = index * HASH_SIZE
    return index < this.#length && this.#roots.subarray(at, at + HASH_SIZE).some((byte) => byte !== 0)
  }

  truncate(length: number): void {
    if (length >= this.#length) return
    this.#roots.fill(0, length * HASH_SIZE, this.#length * HASH_SIZE)
    this.#length = length
    this.#drop(length)
  }

  /**
   * The node k levels above the roots over index * 2^k and up, a view.
   *
   * @throws DmcError BUG when a root under it was never set
   */
  node(k: number, index: number): Uint8Array {
    if (k === 0) {
      if (!this.has(index)) throw notSet(index)
      return this.#roots.subarray(index * HASH_SIZE, (index + 1) * HASH_SIZE)
    }
    if (k < KEPT_FROM)
      return hashPair(this.#hasher, this.node(k - 1, 2 * index), this.node(k - 1, 2 * index + 1))
    const level = this.#kept(k, index + 1)
    return level.subarray(index * HASH_SIZE, (index + 1) * HASH_SIZE)
  }

  /** The kept nodes of height k, right up to `count`. */
  #kept(k: number, count: number): Uint8Array {
    const level = this.#levels[k - KEPT_FROM] ?? { bytes: new Uint8Array(4 * HASH_SIZE), valid: 0 }
    this.#levels[k - KEPT_FROM] = level
    if (count * HASH_SIZE > level.bytes.length) level.bytes = grown(level.bytes, count * HASH_SIZE)
    if (level.valid >= count) return level.bytes
    if (k === KEPT_FROM) {
      for (; level.valid < count; level.valid++) this.#foldRoots(level.valid, level.bytes)
    } else {
      const below = this.#kept(k - 1, 2 * count)
      this.#hasher.hashNodes(
        below.subarray(2 * level.valid * HASH_SIZE, 2 * count * HASH_SIZE),
        level.bytes.subarray(level.valid * HASH_SIZE, count * HASH_SIZE),
      )
      level.valid = count
    }
    return level.bytes
  }

  /** Writes kept node `index` of the lowest kept height. */
  #foldRoots(index: number, out: Uint8Array): void {
    const first = index * RUN
    for (let i = first; i < first + RUN; i++) if (!this.has(i)) throw notSet(i)
    this.#run.set(this.#roots.subarray(first * HASH_SIZE, (first + RUN) * HASH_SIZE))
    out.set(foldNodes(this.#hasher, this.#run, this.#runScratch, RUN, 0, KEPT_FROM), index * HASH_SIZE)
  }

  /** Forgets the kept nodes over and after the root at `index`. */
  #drop(index: number): void {
    this.#levels.forEach((level, j) => {
      level.valid = Math.min(level.valid, Math.floor(index / 2 ** (KEPT_FROM + j)))
    })
  }
}

const grown = (bytes: Uint8Array<ArrayBuffer>, atLeast: number): Uint8Array<ArrayBuffer> => {
  const larger = new Uint8Array(Math.max(atLeast, 2 * bytes.length))
  larger.set(bytes)
  return larger
}

const notSet = (index: number) => bug(`The root of chunk ${index} was never set.`)

const bug = (message: string) =>
  new DmcError('BUG', message, { hint: 'Please report this with the stack trace (--debug).' })
