import type { Hex } from 'viem'
import { DmcError } from '../errors/dmc-error.ts'
import { CHUNK_HEIGHT, HASH_SIZE } from './constants.ts'
import { foldNodes } from './fold-nodes.ts'
import type { Hasher } from './hasher.ts'
import { zeroNode } from './zero-nodes.ts'

/** What both sides state on chain: the root (0x and 64 digits) and the size in bytes of an order's data. */
export type Commitment = { root: Hex; size: bigint }

/**
 * The root over all chunk roots of an order's data.
 *
 * @param chunkRoots k * 32 bytes, the last one possibly of a chunk that is not full; k = 0 gives Z(depth)
 * @param depth of the tree, 10 or more
 * @throws DmcError CAPACITY_EXCEEDED when there are more chunks than the depth has room for
 */
export const rootFromChunkRoots = (hasher: Hasher, chunkRoots: Uint8Array, depth: number): Uint8Array => {
  const count = chunkRoots.length / HASH_SIZE
  if (!Number.isInteger(count) || count > 2 ** (depth - CHUNK_HEIGHT)) {
    throw new DmcError(
      'CAPACITY_EXCEEDED',
      `${chunkRoots.length} bytes of chunk roots do not fit a depth of ${depth}.`,
      {
        hint: 'Use the depth of the order that holds the data.',
      },
    )
  }
  if (count === 0) return zeroNode(hasher, depth).slice()
  const nodes = new Uint8Array(chunkRoots.length + HASH_SIZE)
  nodes.set(chunkRoots)
  const scratch = new Uint8Array(chunkRoots.length / 2 + 2 * HASH_SIZE)
  return foldNodes(hasher, nodes, scratch, count, CHUNK_HEIGHT, depth).slice()
}
