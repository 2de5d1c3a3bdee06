import type { Hex } from 'viem'
import type { Hasher } from './hasher.ts'
import { verifyLeaf } from './verify-leaf.ts'
import { wholeLeaves } from './whole-leaves.ts'
import { hashPair } from './zero-nodes.ts'

export interface LastLeaf {
  /** The 1,024 bytes of the last leaf. */
  lastLeaf: Uint8Array
  /** Its path: exactly depth siblings. */
  lastLeafPath: readonly Uint8Array[]
  /** The root that the path must lead to. */
  root: Hex | Uint8Array
}

/**
 * The edge of a tree (`TreeBuilder.edge`) from its last leaf: the left siblings of the last leaf are the
 * whole subtrees before it (design "The tree": the path of the last leaf is enough to go on appending).
 *
 * @throws DmcError PROOF_INDEX_OUT_OF_RANGE (no leaf yet), PROOF_LEAF_SIZE, PROOF_PATH_LENGTH, PROOF_INVALID
 */
export const edgeFromLastLeaf = ({
  hasher,
  size,
  depth,
  root,
  lastLeaf,
  lastLeafPath,
}: LastLeaf & { hasher: Hasher; size: bigint | number; depth: number }): Uint8Array[] => {
  const index = wholeLeaves(size) - 1
  verifyLeaf({ hasher, root, size, depth, index, leaf: lastLeaf, path: lastLeafPath })
  const edge: Uint8Array[] = []
  // Until the first left turn, the last leaf completes the subtrees that it is in.
  let growing: Uint8Array | undefined = hasher.sha256(lastLeaf)
  let position = index
  for (const sibling of lastLeafPath) {
    const right = position % 2 === 1
    if (growing !== undefined && right) growing = hashPair(hasher, sibling, growing)
    else if (growing !== undefined) {
      edge.push(growing)
      growing = undefined
    } else if (right) edge.push(sibling)
    position = Math.floor(position / 2)
  }
  if (growing !== undefined) edge.push(growing)
  return edge
}
