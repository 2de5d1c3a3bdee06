import { DmcError } from '../errors/dmc-error.ts'

/** Bytes of a leaf: the smallest thing that can be proved. No leaf is ever partial. */
export const LEAF_SIZE = 1024
/** Bytes of a SHA-256 hash: a leaf hash, a node, a chunk root, a root. */
export const HASH_SIZE = 32
/** Leaves of a chunk. */
export const CHUNK_LEAVES = 1024
/** Bytes of a chunk: 1 MiB. */
export const CHUNK_SIZE = 1 << 20
/** Chunk roots are the nodes at this height; leaf hashes are at height 0. */
export const CHUNK_HEIGHT = 10
/** Largest capacity of an order in MiB (`uint32` on chain). */
export const MAX_CAPACITY_MIB = 0xffff_ffff

/**
 * Levels between a leaf and the root: 10 + ceil(log2(capacityMiB)), fixed by the order's capacity, not by
 * its data (design "The tree").
 *
 * @param capacityMiB whole MiB, 1 to 2^32 - 1
 * @throws DmcError BAD_SIZE
 */
export const treeDepth = (capacityMiB: bigint | number): number => {
  const capacity = Number(capacityMiB)
  if (!Number.isInteger(capacity) || capacity < 1 || capacity > MAX_CAPACITY_MIB) {
    throw new DmcError('BAD_SIZE', `A capacity of ${capacityMiB} MiB has no tree.`, {
      hint: `Use whole MiB from 1 to ${MAX_CAPACITY_MIB}.`,
    })
  }
  return CHUNK_HEIGHT + (capacity === 1 ? 0 : (capacity - 1).toString(2).length)
}
