import { DmcError } from '../errors/dmc-error.ts'
import type { Commitment } from './commitment.ts'
import { CHUNK_HEIGHT, CHUNK_LEAVES, HASH_SIZE } from './constants.ts'
import { hashToHex } from './hash-hex.ts'
import type { Hasher } from './hasher.ts'
import { NodeStore } from './node-store.ts'
import { wholeLeaves } from './whole-leaves.ts'
import { hashPair, zeroNode } from './zero-nodes.ts'

export interface ChunkTreeOptions {
  hasher: Hasher
  /** Of the order's tree: `treeDepth(capacityMiB)`. */
  depth: number
  /** Roots to start with: k * 32 bytes, copied. */
  chunkRoots?: Uint8Array | undefined
}

/**
 * The part of a tree above its chunk roots, for data of any size: 32 bytes per chunk and 4 more for kept
 * nodes (36 MiB per TiB). Answers for the data as it is and for any earlier size of it.
 *
 * Where a method takes `lastChunkRoot`: the root of the chunk that holds the last leaf of `size`, with leaves
 * from `size` on as Z0 (`chunkRoot` of the shortened data). Needed when that chunk has grown since then;
 * otherwise the root that was set is used.
 */
export class ChunkTree {
  readonly depth: number
  readonly #hasher: Hasher
  readonly #nodes: NodeStore

  /** @throws DmcError CAPACITY_EXCEEDED when there are more chunk roots than the depth has room for */
  constructor({ hasher, depth, chunkRoots = new Uint8Array() }: ChunkTreeOptions) {
    this.depth = depth
    this.#hasher = hasher
    this.#nodes = new NodeStore(hasher)
    for (let i = 0; i * HASH_SIZE < chunkRoots.length; i++) {
      this.set(i, chunkRoots.subarray(i * HASH_SIZE, (i + 1) * HASH_SIZE))
    }
  }

  /** Number of chunks: one more than the highest index set. */
  get length(): number {
    return this.#nodes.length
  }

  /**
   * Sets or replaces the root of a chunk; in any order, with gaps in between if need be.
   *
   * @throws DmcError CAPACITY_EXCEEDED
   */
  set(index: number, root: Uint8Array): void {
    if (!Number.isInteger(index) || index < 0 || index >= 2 ** (this.depth - CHUNK_HEIGHT)) {
      throw new DmcError('CAPACITY_EXCEEDED', `Chunk ${index} does not fit a tree of depth ${this.depth}.`, {
        hint: 'Use the depth of the order that holds the data.',
      })
    }
    this.#nodes.set(index, root)
  }

  /** The root of a chunk (a copy), or undefined when it was not set. */
  get(index: number): Uint8Array | undefined {
    return this.#nodes.has(index) ? this.#nodes.node(0, index).slice() : undefined
  }

  /** Forgets the chunks from `length` on. */
  truncate(length: number): void {
    this.#nodes.truncate(length)
  }

  /**
   * The roots of chunks `first` to `first + count - 1` for the data as it was at `size`: count * 32 bytes.
   *
   * @throws DmcError PROOF_INDEX_OUT_OF_RANGE, BUG (a root was never set)
   */
  chunkRoots(range: {
    first: number
    count: number
    size: bigint | number
    lastChunkRoot?: Uint8Array | undefined
  }) {
    const { first, count, size, lastChunkRoot } = range
    const chunks = chunksOf(size)
    if (first < 0 || count < 0 || first + count > chunks) {
      throw new DmcError(
        'PROOF_INDEX_OUT_OF_RANGE',
        `Chunks ${first} to ${first + count} are not among ${chunks}.`,
        {
          hint: 'Ask for chunks below the size of the commitment.',
        },
      )
    }
    const roots = new Uint8Array(count * HASH_SIZE)
    for (let i = 0; i < count; i++) roots.set(this.node(0, first + i, chunks, lastChunkRoot), i * HASH_SIZE)
    return roots
  }

  /**
   * The root for the data as it was at `size` bytes: a fresh 32 bytes.
   *
   * @throws DmcError TREE_NOT_WHOLE_LEAVES, BUG (a root below `size` was never set)
   */
  root(size: bigint | number, lastChunkRoot?: Uint8Array): Uint8Array {
    return this.node(this.depth - CHUNK_HEIGHT, 0, chunksOf(size), lastChunkRoot).slice()
  }

  /** The commitment as it was at `size` bytes: see `root`. */
  commitment(size: bigint | number, lastChunkRoot?: Uint8Array): Commitment {
    return { root: hashToHex(this.root(size, lastChunkRoot)), size: BigInt(size) }
  }

  /**
   * The siblings above height 10 of a chunk, for the data as it was at `size`: exactly depth - 10.
   *
   * @throws DmcError TREE_NOT_WHOLE_LEAVES, BUG (a root below `size` was never set)
   */
  siblings(of: {
    chunk: number
    size: bigint | number
    lastChunkRoot?: Uint8Array | undefined
  }): Uint8Array[] {
    const chunks = chunksOf(of.size)
    const path: Uint8Array[] = []
    let index = of.chunk
    for (let k = 0; k < this.depth - CHUNK_HEIGHT; k++) {
      path.push(this.node(k, index % 2 === 0 ? index + 1 : index - 1, chunks, of.lastChunkRoot).slice())
      index = Math.floor(index / 2)
    }
    return path
  }

  /**
   * The edge (see `TreeBuilder.edge`) of the first `chunks` whole chunks.
   *
   * @throws DmcError BUG (one of the roots was never set)
   */
  edge(chunks: number): Uint8Array[] {
    const edge: Uint8Array[] = []
    for (let k = 0, rest = chunks; rest > 0; k++, rest = Math.floor(rest / 2)) {
      if (rest % 2 === 1) edge.push(this.node(k, rest - 1, chunks).slice())
    }
    return edge
  }

  /**
   * The node at height 10 + k over chunks index * 2^k and up, when the data has `chunks` chunks of which the
   * last one has the root `lastChunkRoot`. Shared memory: copy it before handing it out.
   *
   * @throws DmcError BUG (a root was never set)
   */
  node(k: number, index: number, chunks: number, lastChunkRoot?: Uint8Array): Uint8Array {
    const span = 2 ** k
    if (index * span >= chunks) return zeroNode(this.#hasher, CHUNK_HEIGHT + k)
    const end = (index + 1) * span
    if (end < chunks || (end === chunks && lastChunkRoot === undefined)) return this.#nodes.node(k, index)
    if (k === 0) return lastChunkRoot ?? this.#nodes.node(0, index)
    const left = this.node(k - 1, 2 * index, chunks, lastChunkRoot)
    return hashPair(this.#hasher, left, this.node(k - 1, 2 * index + 1, chunks, lastChunkRoot))
  }
}

const chunksOf = (size: bigint | number): number => Math.ceil(wholeLeaves(size) / CHUNK_LEAVES)
