import { DmcError } from '../errors/dmc-error.ts'
import { CHUNK_HEIGHT, CHUNK_LEAVES, CHUNK_SIZE, HASH_SIZE } from './constants.ts'
import { foldNodes } from './fold-nodes.ts'
import type { Hasher } from './hasher.ts'
import { wholeLeaves } from './whole-leaves.ts'

// Used within one synchronous call only; each worker thread has its own.
const nodes = new Uint8Array(CHUNK_LEAVES * HASH_SIZE)
const parents = new Uint8Array((CHUNK_LEAVES / 2) * HASH_SIZE)

const leavesOf = (data: Uint8Array): number => {
  const leaves = wholeLeaves(data.length)
  if (leaves === 0 || leaves > CHUNK_LEAVES) {
    throw new DmcError('BUG', `A chunk has 1 to ${CHUNK_SIZE} bytes, not ${data.length}.`, {
      hint: 'Please report this with the stack trace (--debug).',
    })
  }
  return leaves
}

/**
 * The node at height 10 over one chunk; positions past `data` count as Z0.
 *
 * @param data 1 to 1,024 whole leaves
 * @param out 32 bytes to write to; without it a fresh array, the only memory that a call takes
 * @throws DmcError TREE_NOT_WHOLE_LEAVES
 */
export const chunkRoot = (
  hasher: Hasher,
  data: Uint8Array,
  out: Uint8Array = new Uint8Array(HASH_SIZE),
): Uint8Array => {
  const leaves = leavesOf(data)
  if (hasher.chunkRoot !== undefined) {
    hasher.chunkRoot(data, out)
    return out
  }
  hasher.hashLeaves(data, nodes.subarray(0, leaves * HASH_SIZE))
  out.set(foldNodes(hasher, nodes, parents, leaves, 0, CHUNK_HEIGHT))
  return out
}

/**
 * All nodes of one chunk, for paths: element h holds the 1,024 / 2^h nodes of height h, one after another
 * (element 0 the leaf hashes, element 10 the chunk root).
 *
 * @param data 1 to 1,024 whole leaves
 * @throws DmcError TREE_NOT_WHOLE_LEAVES
 */
export const chunkLevels = (hasher: Hasher, data: Uint8Array): Uint8Array[] => {
  const leaves = leavesOf(data)
  let level = new Uint8Array(CHUNK_LEAVES * HASH_SIZE) // past the data: Z0, so that Z(h) follows above
  hasher.hashLeaves(data, level.subarray(0, leaves * HASH_SIZE))
  const levels = [level]
  for (let height = 1; height <= CHUNK_HEIGHT; height++) {
    const above = new Uint8Array(level.length / 2)
    hasher.hashNodes(level, above)
    levels.push(above)
    level = above
  }
  return levels
}
