import type { Hex } from 'viem'
import type { ErrorCode } from '../errors/codes.ts'
import { DmcError } from '../errors/dmc-error.ts'
import { chunkLevels } from './chunk-root.ts'
import type { ChunkTree } from './chunk-tree.ts'
import type { Commitment } from './commitment.ts'
import { CHUNK_HEIGHT, CHUNK_LEAVES, HASH_SIZE, LEAF_SIZE } from './constants.ts'
import { hashBytes, sameHash } from './hash-hex.ts'
import type { Hasher } from './hasher.ts'
import { chunkDataAt, levelNode } from './leaf-path.ts'
import { wholeLeaves } from './whole-leaves.ts'
import { zeroNode } from './zero-nodes.ts'

/**
 * A *range proof* shows that a contiguous run of nodes of one height (0: leaf hashes, 10: chunk roots) belongs
 * to a commitment. Its siblings, in order:
 *
 *   for each height from the run's up to below the root:
 *     the node left of the run, if the run's first node is a right child;
 *     the node right of the run, if its last node is a left child and the right one holds data.
 *
 * The run then becomes the run of parents. Nodes that lie wholly at or past the size are never sent: the
 * verifier puts Z(h), so a proof also shows that nothing is committed after the end of the data. At most
 * 2 * (depth - level) siblings.
 */
interface Run {
  /** Height of the run's nodes. */
  level: 0 | 10
  /** Position of its first node in that height. */
  first: number
  /** Number of its nodes, 1 or more. */
  count: number
}

interface Edges {
  left: number | undefined
  right: number | undefined
}

/** Positions of the siblings that a run of nodes `first` to `last` of `height` needs, among those with data. */
const edgesOf = (height: number, first: number, last: number, leaves: number): Edges => ({
  left: first % 2 === 1 ? first - 1 : undefined,
  right: last % 2 === 0 && (last + 1) * 2 ** height < leaves ? last + 1 : undefined,
})

const nodesWithData = (level: number, leaves: number): number => Math.ceil(leaves / 2 ** level)

const isRun = ({ level, first, count }: Run, leaves: number): boolean =>
  Number.isInteger(first) &&
  Number.isInteger(count) &&
  first >= 0 &&
  count >= 1 &&
  first + count <= nodesWithData(level, leaves)

/**
 * The chunks whose data `rangeSiblings` needs for a run of leaves: none, one or two, those that the run cuts.
 *
 * @param range in leaves; `size` of the commitment in bytes
 */
export const edgeChunks = (range: { first: number; count: number; size: bigint | number }): number[] => {
  const leaves = wholeLeaves(range.size)
  const last = range.first + range.count - 1
  const cutLeft = range.first % CHUNK_LEAVES !== 0
  const cutRight = last % CHUNK_LEAVES !== CHUNK_LEAVES - 1 && last !== leaves - 1
  const chunks = new Set<number>()
  if (cutLeft) chunks.add(Math.floor(range.first / CHUNK_LEAVES))
  if (cutRight) chunks.add(Math.floor(last / CHUNK_LEAVES))
  return [...chunks]
}

/**
 * The siblings that prove a run of leaf hashes (level 0) or chunk roots (level 10) under the commitment of the
 * named `size`, in the order above.
 *
 * @param args.edgeChunkData level 0 only: data of the chunks that `edgeChunks` names, at least up to `size`
 * @param args.lastChunkRoot see `ChunkTree`: needed when the last chunk of `size` has grown since
 * @throws DmcError PROOF_INDEX_OUT_OF_RANGE, TREE_NOT_WHOLE_LEAVES, BUG (data of an edge chunk is missing)
 */
export const rangeSiblings = (
  args: Run & {
    hasher: Hasher
    tree: ChunkTree
    size: bigint | number
    edgeChunkData?: ReadonlyMap<number, Uint8Array>
    lastChunkRoot?: Uint8Array | undefined
  },
): Uint8Array[] => {
  const { hasher, tree, size, level, lastChunkRoot } = args
  const leaves = wholeLeaves(size)
  if (!isRun(args, leaves)) throw refusal(...outOfRange(args, leaves))
  const chunks = nodesWithData(CHUNK_HEIGHT, leaves)
  const levels = new Map<number, Uint8Array[]>()
  const inChunk = (height: number, position: number): Uint8Array => {
    const width = CHUNK_LEAVES / 2 ** height
    const chunk = Math.floor(position / width)
    const made =
      levels.get(chunk) ??
      chunkLevels(hasher, chunkDataAt(args.edgeChunkData?.get(chunk) ?? new Uint8Array(), chunk, size))
    levels.set(chunk, made)
    return levelNode(made, height, position % width)
  }
  const siblings: Uint8Array[] = []
  let first = args.first
  let last = args.first + args.count - 1
  for (let height: number = level; height < tree.depth; height++) {
    const { left, right } = edgesOf(height, first, last, leaves)
    for (const position of [left, right]) {
      if (position === undefined) continue
      if (height < CHUNK_HEIGHT) siblings.push(inChunk(height, position))
      else siblings.push(tree.node(height - CHUNK_HEIGHT, position, chunks, lastChunkRoot).slice())
    }
    first = Math.floor(first / 2)
    last = Math.floor(last / 2)
  }
  return siblings
}

export interface RangeProof extends Run {
  hasher: Hasher
  /** The commitment: root (32 bytes, or 0x and 64 digits) and size in bytes. */
  root: Hex | Uint8Array
  size: bigint | number
  depth: number
  /** The run: count * 32 bytes. */
  nodes: Uint8Array
  siblings: readonly Uint8Array[]
}

type Fault = [code: ErrorCode, message: string]

const outOfRange = ({ level, first, count }: Run, leaves: number): Fault => [
  'PROOF_INDEX_OUT_OF_RANGE',
  `A run of ${count} from ${first} is not among the ${nodesWithData(level, leaves)} nodes of height ${level}.`,
]

const findFault = (proof: RangeProof): Fault | undefined => {
  const { hasher, depth, level, first, count, nodes, siblings } = proof
  const expected = hashBytes(proof.root)
  const leaves = wholeLeaves(proof.size)
  if (!isRun(proof, Math.min(leaves, 2 ** depth))) return outOfRange(proof, leaves)
  if (nodes.length !== count * HASH_SIZE) {
    return ['PROOF_PATH_LENGTH', `${nodes.length} bytes are not ${count} nodes of ${HASH_SIZE} bytes.`]
  }
  let used = 0
  const next = (): Uint8Array => siblings[used++] ?? new Uint8Array()
  let start = first
  let end = first + count - 1
  let run = nodes
  for (let height: number = level; height < depth; height++) {
    const { left, right } = edgesOf(height, start, end, leaves)
    const before = start % 2
    const after = 1 - (end % 2)
    const wide = new Uint8Array(run.length + (before + after) * HASH_SIZE)
    wide.set(run, before * HASH_SIZE)
    if (left !== undefined && !put(wide, next(), 0)) return wrongSiblings(siblings)
    if (after === 1) {
      const node = right === undefined ? zeroNode(hasher, height) : next()
      if (!put(wide, node, wide.length - HASH_SIZE)) return wrongSiblings(siblings)
    }
    run = new Uint8Array(wide.length / 2)
    hasher.hashNodes(wide, run)
    start = Math.floor(start / 2)
    end = Math.floor(end / 2)
  }
  if (used !== siblings.length) return wrongSiblings(siblings)
  if (sameHash(run, expected)) return undefined
  return ['PROOF_INVALID', `The run of ${count} nodes from ${first} does not lead to the committed root.`]
}

const put = (into: Uint8Array, node: Uint8Array, at: number): boolean => {
  if (node.length !== HASH_SIZE) return false
  into.set(node, at)
  return true
}

const wrongSiblings = (siblings: readonly Uint8Array[]): Fault => [
  'PROOF_PATH_LENGTH',
  `${siblings.length} siblings are not exactly the ones of ${HASH_SIZE} bytes that the run needs.`,
]

const refusal = (code: ErrorCode, message: string) =>
  new DmcError(code, message, {
    hint: 'The data or the proof is not what was committed: ask again, or ask another copy.',
  })

/**
 * Checks a range proof. Strict: a sibling missing, left over or of another length refuses it.
 *
 * @throws DmcError PROOF_INDEX_OUT_OF_RANGE, PROOF_PATH_LENGTH, PROOF_INVALID;
 *   TREE_NOT_WHOLE_LEAVES when the size of the commitment is none
 */
export const verifyRange = (proof: RangeProof): void => {
  const fault = findFault(proof)
  if (fault !== undefined) throw refusal(...fault)
}

/** `verifyRange` as a question; never throws for what a peer sent. */
export const isValidRange = (proof: RangeProof): boolean => findFault(proof) === undefined

/**
 * Checks data against a commitment: hashes its leaves and verifies them as a run of level 0, so a run may
 * start and end in the middle of chunks.
 *
 * @param args.offset of the data in bytes, at a leaf
 * @param args.data one or more whole leaves
 * @param args.siblings from `rangeSiblings` at level 0
 * @throws DmcError as `verifyRange`, and TREE_NOT_WHOLE_LEAVES
 */
export const verifyData = (args: {
  hasher: Hasher
  commitment: Commitment
  depth: number
  offset: bigint | number
  data: Uint8Array
  siblings: readonly Uint8Array[]
}): void => {
  const { hasher, commitment, depth, siblings } = args
  const first = wholeLeaves(args.offset)
  const count = wholeLeaves(args.data.length)
  const nodes = new Uint8Array((args.data.length / LEAF_SIZE) * HASH_SIZE)
  hasher.hashLeaves(args.data, nodes)
  verifyRange({ hasher, ...commitment, depth, level: 0, first, count, nodes, siblings })
}
