import { DmcError } from '../errors/dmc-error.ts'
import type { Commitment } from './commitment.ts'
import { CHUNK_HEIGHT, CHUNK_LEAVES, CHUNK_SIZE, HASH_SIZE, LEAF_SIZE, treeDepth } from './constants.ts'
import { edgeFromLastLeaf, type LastLeaf } from './edge-from-last-leaf.ts'
import { hashToHex } from './hash-hex.ts'
import type { Hasher } from './hasher.ts'
import { wholeLeaves } from './whole-leaves.ts'
import { hashPair, zeroNode } from './zero-nodes.ts'

/** Called with the root of each chunk; see `TreeBuilder`. */
export type OnChunkRoot = (index: number, root: Uint8Array, leaves: number) => void

export interface TreeBuilderOptions {
  hasher: Hasher
  /** Capacity of the order in MiB: fixes the depth, and nothing is taken beyond it. */
  capacityMiB: bigint | number
  onChunkRoot?: OnChunkRoot | undefined
}

export type ResumeOptions = TreeBuilderOptions & { size: bigint | number } & (
    | { edge: readonly Uint8Array[] }
    | LastLeaf
  )

/**
 * Builds the tree of a stream in fixed memory (about 100 KiB, whatever the size): it keeps the leaf hashes of
 * the chunk in work and the *edge*, the roots of the whole subtrees to the left of the end.
 *
 * `onChunkRoot` gets each chunk root once the chunk is full (`leaves` = 1,024), and at each `commitment()`
 * also the root of the chunk in work (`leaves` < 1,024), which a later call for the same index replaces.
 */
export class TreeBuilder {
  readonly capacityMiB: number
  readonly depth: number
  readonly #hasher: Hasher
  readonly #onChunkRoot: OnChunkRoot | undefined
  /** Nodes over whole chunks, by height above the chunk roots; those at set bits of `#chunks` count. */
  readonly #upper: Uint8Array[] = []
  #chunks = 0
  /** Leaf hashes of the chunk in work, by position; those below `#base` are only known as `#lower`. */
  readonly #hashes = new Uint8Array(CHUNK_LEAVES * HASH_SIZE)
  #leaves = 0
  #base = 0
  readonly #lower: Uint8Array[] = []
  readonly #partial = new Uint8Array(LEAF_SIZE)
  #partialLength = 0
  readonly #scratch = [
    new Uint8Array((CHUNK_LEAVES / 2) * HASH_SIZE),
    new Uint8Array((CHUNK_LEAVES / 4) * HASH_SIZE),
  ] as const

  /** @throws DmcError BAD_SIZE */
  constructor({ hasher, capacityMiB, onChunkRoot }: TreeBuilderOptions) {
    this.depth = treeDepth(capacityMiB)
    this.capacityMiB = Number(capacityMiB)
    this.#hasher = hasher
    this.#onChunkRoot = onChunkRoot
  }

  /**
   * A builder that goes on where `size` bytes end, from the edge (`edge()`) or from the last leaf and its path.
   *
   * @throws DmcError PROOF_PATH_LENGTH, PROOF_LEAF_SIZE, PROOF_INVALID (the path does not lead to `root`),
   *   TREE_NOT_WHOLE_LEAVES, CAPACITY_EXCEEDED
   */
  static resume(options: ResumeOptions): TreeBuilder {
    const builder = new TreeBuilder(options)
    const leaves = wholeLeaves(options.size)
    builder.#checkRoom(leaves * LEAF_SIZE)
    const { hasher, size } = options
    const edge =
      'edge' in options ? options.edge : edgeFromLastLeaf({ ...options, hasher, size, depth: builder.depth })
    if (edge.length !== setBits(leaves) || edge.some((node) => node.length !== HASH_SIZE)) {
      throw new DmcError('PROOF_PATH_LENGTH', `${edge.length} nodes are not the edge of ${leaves} leaves.`, {
        hint: 'Keep the edge and the size of the same moment, or resume from the last leaf and its path.',
      })
    }
    let height = 0
    let rest = leaves
    for (const node of edge) {
      for (; rest % 2 === 0; rest /= 2) height++
      if (height < CHUNK_HEIGHT) builder.#lower[height] = node.slice()
      else builder.#upper[height - CHUNK_HEIGHT] = node.slice()
      rest--
    }
    builder.#chunks = Math.floor(leaves / CHUNK_LEAVES)
    builder.#leaves = leaves % CHUNK_LEAVES
    builder.#base = builder.#leaves
    return builder
  }

  /** Bytes appended so far. */
  get size(): number {
    return this.#chunks * CHUNK_SIZE + this.#leaves * LEAF_SIZE + this.#partialLength
  }

  /**
   * Takes bytes of any length; `bytes` may be reused afterwards.
   *
   * @throws DmcError CAPACITY_EXCEEDED, and then nothing was taken
   */
  append(bytes: Uint8Array): void {
    this.#checkRoom(this.size + bytes.length)
    let at = 0
    if (this.#partialLength > 0) {
      at = Math.min(LEAF_SIZE - this.#partialLength, bytes.length)
      this.#partial.set(bytes.subarray(0, at), this.#partialLength)
      this.#partialLength += at
      if (this.#partialLength < LEAF_SIZE) return
      this.#appendLeaves(this.#partial)
      this.#partialLength = 0
    }
    while (bytes.length - at >= LEAF_SIZE) {
      const leaves = Math.min(Math.floor((bytes.length - at) / LEAF_SIZE), CHUNK_LEAVES - this.#leaves)
      this.#appendLeaves(bytes.subarray(at, at + leaves * LEAF_SIZE))
      at += leaves * LEAF_SIZE
    }
    this.#partial.set(bytes.subarray(at))
    this.#partialLength = bytes.length - at
  }

  /**
   * The commitment to all bytes so far; appending may go on afterwards. Size 0 gives the root Z(depth).
   *
   * @throws DmcError TREE_NOT_WHOLE_LEAVES when the bytes do not end at a leaf
   */
  commitment(): Commitment {
    wholeLeaves(this.size)
    let node: Uint8Array | undefined
    if (this.#leaves > 0) {
      node = this.#foldChunk()
      this.#onChunkRoot?.(this.#chunks, node.slice(), this.#leaves)
    }
    const top = this.depth - CHUNK_HEIGHT
    for (let k = 0, rest = this.#chunks; k < top; k++, rest = Math.floor(rest / 2)) {
      const left = rest % 2 === 1 ? this.#upper[k] : undefined
      const empty = zeroNode(this.#hasher, CHUNK_HEIGHT + k)
      if (left !== undefined) node = hashPair(this.#hasher, left, node ?? empty)
      else if (node !== undefined) node = hashPair(this.#hasher, node, empty)
    }
    // A tree without room: the edge is the root itself.
    if (this.#chunks === 2 ** top) node = this.#upper[top]
    return { root: hashToHex(node ?? zeroNode(this.#hasher, this.depth)), size: BigInt(this.size) }
  }

  /**
   * The roots of the whole subtrees left of the end, lowest first: one for each set bit of the number of
   * leaves. With `size`, all that `resume` needs.
   *
   * @throws DmcError TREE_NOT_WHOLE_LEAVES when the bytes do not end at a leaf
   */
  edge(): Uint8Array[] {
    wholeLeaves(this.size)
    const edge: Uint8Array[] = []
    if (this.#leaves > 0) this.#foldChunk(edge)
    for (let k = 0, rest = this.#chunks; rest > 0; k++, rest = Math.floor(rest / 2)) {
      const node = this.#upper[k]
      if (rest % 2 === 1 && node !== undefined) edge.push(node.slice())
    }
    return edge
  }

  #checkRoom(size: number): void {
    if (size <= this.capacityMiB * CHUNK_SIZE) return
    throw new DmcError(
      'CAPACITY_EXCEEDED',
      `${size} bytes do not fit a capacity of ${this.capacityMiB} MiB.`,
      {
        hint: 'Go on in a new order.',
      },
    )
  }

  #appendLeaves(data: Uint8Array): void {
    const leaves = data.length / LEAF_SIZE
    this.#hasher.hashLeaves(
      data,
      this.#hashes.subarray(this.#leaves * HASH_SIZE, (this.#leaves + leaves) * HASH_SIZE),
    )
    this.#leaves += leaves
    if (this.#leaves < CHUNK_LEAVES) return
    const root = this.#foldChunk().slice()
    const index = this.#chunks
    // Like adding one to a binary number: each carry joins two equal subtrees.
    let node: Uint8Array = root
    let k = 0
    for (let rest = index; rest % 2 === 1; rest = (rest - 1) / 2, k++) {
      const left = this.#upper[k]
      if (left !== undefined) node = hashPair(this.#hasher, left, node)
    }
    this.#upper[k] = node
    this.#chunks = index + 1
    this.#leaves = 0
    this.#base = 0
    this.#onChunkRoot?.(index, root.slice(), CHUNK_LEAVES)
  }

  /**
   * The node over the chunk in work (a view, overwritten by the next call); `edge` receives the roots of its
   * whole subtrees left of the end, lowest first. The leaf hashes stay as they are.
   */
  #foldChunk(edge?: Uint8Array[]): Uint8Array {
    let level: Uint8Array = this.#hashes
    let above: Uint8Array = this.#scratch[0]
    let first = this.#base
    let end = this.#leaves
    for (let height = 0; height < CHUNK_HEIGHT; height++) {
      const left = this.#lower[height]
      // Odd: the node before the first known one is on the edge that we resumed from.
      if (first % 2 === 1 && left !== undefined) level.set(left, --first * HASH_SIZE)
      const whole = this.#leaves >> height
      if (whole % 2 === 1) edge?.push(level.slice((whole - 1) * HASH_SIZE, whole * HASH_SIZE))
      if (end % 2 === 1) level.set(zeroNode(this.#hasher, height), end++ * HASH_SIZE)
      this.#hasher.hashNodes(
        level.subarray(first * HASH_SIZE, end * HASH_SIZE),
        above.subarray((first / 2) * HASH_SIZE, (end / 2) * HASH_SIZE),
      )
      first /= 2
      end /= 2
      const free: Uint8Array = height === 0 ? this.#scratch[1] : level
      level = above
      above = free
    }
    return level.subarray(0, HASH_SIZE)
  }
}

const setBits = (value: number): number => {
  let bits = 0
  for (let rest = value; rest > 0; rest = Math.floor(rest / 2)) bits += rest % 2
  return bits
}
