import type { Hex } from 'viem'
import type { ErrorCode } from '../errors/codes.ts'
import { DmcError } from '../errors/dmc-error.ts'
import { HASH_SIZE, LEAF_SIZE } from './constants.ts'
import { hashBytes, sameHash } from './hash-hex.ts'
import type { Hasher } from './hasher.ts'
import { wholeLeaves } from './whole-leaves.ts'
import { hashPair } from './zero-nodes.ts'

export interface LeafProof {
  hasher: Hasher
  /** The commitment: root (32 bytes, or 0x and 64 digits) and size in bytes. */
  root: Hex | Uint8Array
  size: bigint | number
  /** Of the order's tree: `treeDepth(capacityMiB)`. */
  depth: number
  /** Position of the leaf, from 0. */
  index: bigint | number
  /** The 1,024 bytes. */
  leaf: Uint8Array
  /** Siblings from the leaf's up: exactly depth of 32 bytes. */
  path: readonly Uint8Array[]
}

interface Fault {
  code: ErrorCode
  message: string
}

/** The same checks, in the same order, as the Market's `challenge` and `answer`. */
const findFault = ({ hasher, root, size, depth, index, leaf, path }: LeafProof): Fault | undefined => {
  const expected = hashBytes(root)
  const position = Number(index)
  const leaves = Math.min(wholeLeaves(size), 2 ** depth)
  if (!Number.isInteger(position) || position < 0 || position >= leaves) {
    return { code: 'PROOF_INDEX_OUT_OF_RANGE', message: `Leaf ${index} is not one of ${leaves} leaves.` }
  }
  if (leaf.length !== LEAF_SIZE) {
    return { code: 'PROOF_LEAF_SIZE', message: `Leaf ${index} has ${leaf.length} bytes, not ${LEAF_SIZE}.` }
  }
  const odd = path.find((sibling) => sibling.length !== HASH_SIZE)
  if (path.length !== depth || odd !== undefined) {
    const found = odd === undefined ? `${path.length} siblings` : `a sibling of ${odd.length} bytes`
    return {
      code: 'PROOF_PATH_LENGTH',
      message: `The path of leaf ${index} has ${found}, not ${depth} siblings of ${HASH_SIZE} bytes.`,
    }
  }
  let node = hasher.sha256(leaf)
  let rest = position
  for (const sibling of path) {
    // Bit of the index 0: the node is the left one.
    node = rest % 2 === 0 ? hashPair(hasher, node, sibling) : hashPair(hasher, sibling, node)
    rest = Math.floor(rest / 2)
  }
  if (sameHash(node, expected)) return undefined
  return { code: 'PROOF_INVALID', message: `Leaf ${index} and its path do not lead to the committed root.` }
}

/**
 * Checks that a leaf is at a position of committed data (design "The tree").
 *
 * @throws DmcError PROOF_INDEX_OUT_OF_RANGE, PROOF_LEAF_SIZE, PROOF_PATH_LENGTH, PROOF_INVALID;
 *   TREE_NOT_WHOLE_LEAVES when the size of the commitment is none
 */
export const verifyLeaf = (proof: LeafProof): void => {
  const fault = findFault(proof)
  if (fault === undefined) return
  throw new DmcError(fault.code, fault.message, {
    hint: 'The data or the proof is not what was committed: ask again, or ask another copy.',
  })
}

/** `verifyLeaf` as a question; never throws for what a peer sent. */
export const isValidLeaf = (proof: LeafProof): boolean => findFault(proof) === undefined
