import { DmcError } from '../errors/dmc-error.ts'
import { chunkLevels } from './chunk-root.ts'
import type { ChunkTree } from './chunk-tree.ts'
import { CHUNK_HEIGHT, CHUNK_LEAVES, HASH_SIZE, LEAF_SIZE } from './constants.ts'
import type { Hasher } from './hasher.ts'
import { wholeLeaves } from './whole-leaves.ts'

/**
 * The part of a chunk that lies below `size`.
 *
 * @param data of chunk `chunk`, at least as long as that part
 * @throws DmcError BUG when it is shorter
 */
export const chunkDataAt = (data: Uint8Array, chunk: number, size: bigint | number): Uint8Array => {
  const leaves = Math.min(CHUNK_LEAVES, wholeLeaves(size) - chunk * CHUNK_LEAVES)
  if (data.length < leaves * LEAF_SIZE) {
    throw new DmcError('BUG', `Chunk ${chunk} was given ${data.length} of its ${leaves * LEAF_SIZE} bytes.`, {
      hint: 'Please report this with the stack trace (--debug).',
    })
  }
  return data.subarray(0, leaves * LEAF_SIZE)
}

/**
 * The path of a leaf under the commitment of the named `size`: exactly `depth` siblings, the leaf's first.
 * Leaves from `size` on count as Z0, also when there is data by now.
 *
 * @param args.chunkData the chunk that holds the leaf, at least up to `size`
 * @param args.levels `chunkLevels` of that data, when the caller has them already
 * @param args.lastChunkRoot see `ChunkTree`; not needed when the leaf itself is in that chunk
 * @throws DmcError PROOF_INDEX_OUT_OF_RANGE, TREE_NOT_WHOLE_LEAVES, BUG
 */
export const leafPath = (args: {
  hasher: Hasher
  tree: ChunkTree
  chunkData: Uint8Array
  leafIndex: bigint | number
  size: bigint | number
  depth: number
  levels?: readonly Uint8Array[]
  lastChunkRoot?: Uint8Array | undefined
}): Uint8Array[] => {
  const { hasher, tree, size, depth, lastChunkRoot } = args
  const leafIndex = Number(args.leafIndex)
  const leaves = wholeLeaves(size)
  if (!Number.isInteger(leafIndex) || leafIndex < 0 || leafIndex >= leaves) {
    throw new DmcError('PROOF_INDEX_OUT_OF_RANGE', `Leaf ${args.leafIndex} is not one of ${leaves} leaves.`, {
      hint: 'Ask for a leaf below the size of the commitment.',
    })
  }
  if (tree.depth !== depth) {
    throw new DmcError('BUG', `A path of depth ${depth} was asked of a tree of depth ${tree.depth}.`, {
      hint: 'Please report this with the stack trace (--debug).',
    })
  }
  const chunk = Math.floor(leafIndex / CHUNK_LEAVES)
  const levels = args.levels ?? chunkLevels(hasher, chunkDataAt(args.chunkData, chunk, size))
  const path: Uint8Array[] = []
  for (let height = 0; height < CHUNK_HEIGHT; height++) {
    const sibling = ((leafIndex % CHUNK_LEAVES) >> height) ^ 1
    path.push(levelNode(levels, height, sibling))
  }
  return [...path, ...tree.siblings({ chunk, size, lastChunkRoot })]
}

/** A copy of node `position` of `chunkLevels`. */
export const levelNode = (levels: readonly Uint8Array[], height: number, position: number): Uint8Array =>
  (levels[height] ?? new Uint8Array()).slice(position * HASH_SIZE, (position + 1) * HASH_SIZE)
