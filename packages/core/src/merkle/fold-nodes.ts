import { HASH_SIZE } from './constants.ts'
import type { Hasher } from './hasher.ts'
import { zeroNode } from './zero-nodes.ts'

/**
 * Folds the `count` leftmost nodes of one height into the node over all of them; positions after them hold
 * no data.
 *
 * @param nodes the nodes (count * 32 bytes; room for one more when count is odd); overwritten
 * @param scratch at least half as long, rounded up to whole pairs
 * @param count 1 or more, at most 2^(to - from)
 * @returns 32 bytes, a view into `nodes` or `scratch`
 */
export const foldNodes = (
  hasher: Hasher,
  nodes: Uint8Array,
  scratch: Uint8Array,
  count: number,
  from: number,
  to: number,
): Uint8Array => {
  let level = nodes
  let above = scratch
  let width = count
  for (let height = from; height < to; height++) {
    if (width % 2 === 1) {
      level.set(zeroNode(hasher, height), width * HASH_SIZE)
      width++
    }
    width /= 2
    hasher.hashNodes(level.subarray(0, 2 * width * HASH_SIZE), above.subarray(0, width * HASH_SIZE))
    const free = level
    level = above
    above = free
  }
  return level.subarray(0, HASH_SIZE)
}
