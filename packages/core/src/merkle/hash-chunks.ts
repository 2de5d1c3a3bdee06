import { chunkRoot } from './chunk-root.ts'
import { CHUNK_SIZE, HASH_SIZE } from './constants.ts'
import type { Hasher } from './hasher.ts'
import { wholeLeaves } from './whole-leaves.ts'

/**
 * The chunk roots of a run of chunks; the last one may be shorter.
 *
 * @param data whole leaves, starting at the start of a chunk
 * @returns ceil(data.length / 1 MiB) * 32 bytes
 * @throws DmcError TREE_NOT_WHOLE_LEAVES
 */
export const hashChunks = (hasher: Hasher, data: Uint8Array): Uint8Array => {
  wholeLeaves(data.length)
  const count = Math.ceil(data.length / CHUNK_SIZE)
  const roots = new Uint8Array(count * HASH_SIZE)
  for (let i = 0; i < count; i++) {
    const root = roots.subarray(i * HASH_SIZE, (i + 1) * HASH_SIZE)
    chunkRoot(hasher, data.subarray(i * CHUNK_SIZE, (i + 1) * CHUNK_SIZE), root)
  }
  return roots
}
