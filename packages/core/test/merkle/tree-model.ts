import { createHash } from 'node:crypto'

/**
 * The tree of design "The tree", written a second time, slowly and recursively, straight from its sentences.
 * It shares no line with `src/merkle`, so that tests and vectors made from it can find a mistake there.
 */
export interface ModelTree {
  depth: number
  /** Number of leaves that hold data: positions 0 .. leaves-1. */
  leaves: bigint
  /** The 1,024 bytes of a leaf below `leaves`. */
  leaf: (index: bigint) => Uint8Array
  /**
   * Only for trees too large to walk: the root of a whole subtree inside the data, when the caller knows it.
   * Nodes hold positions index * 2^height .. (index + 1) * 2^height - 1.
   */
  known?: (height: number, index: bigint) => Uint8Array | undefined
}

export const modelSha256 = (...parts: Uint8Array[]): Uint8Array => {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return new Uint8Array(hash.digest())
}

const zeroes: Uint8Array[] = [new Uint8Array(32)]

/** Z0 = 32 zero bytes; Z(h+1) = sha256(Zh || Zh). */
export const modelZero = (height: number): Uint8Array => {
  const known = zeroes[height]
  if (known !== undefined) return known
  const below = modelZero(height - 1)
  const made = modelSha256(below, below)
  zeroes[height] = made
  return made
}

/** Depth = 10 + ceil(log2(capacityMiB)): the first power of two that is not below the capacity. */
export const modelDepth = (capacityMiB: number): number => {
  let depth = 10
  for (let positions = 1; positions < capacityMiB; positions *= 2) depth++
  return depth
}

/** The node at `height` over positions index * 2^height and up. */
export const modelNode = (tree: ModelTree, height: number, index: bigint): Uint8Array => {
  const first = index * 2n ** BigInt(height)
  if (first >= tree.leaves) return modelZero(height)
  if (height === 0) return modelSha256(tree.leaf(index))
  const known = tree.known?.(height, index)
  if (known !== undefined) return known
  return modelSha256(modelNode(tree, height - 1, 2n * index), modelNode(tree, height - 1, 2n * index + 1n))
}

export const modelRoot = (tree: ModelTree): Uint8Array => modelNode(tree, tree.depth, 0n)

/** Sibling hashes from the leaf at `index` up to below the root: exactly `depth` of them. */
export const modelPath = (tree: ModelTree, index: bigint): Uint8Array[] => {
  const path: Uint8Array[] = []
  for (let height = 0, at = index; height < tree.depth; height++, at /= 2n) {
    path.push(modelNode(tree, height, at % 2n === 0n ? at + 1n : at - 1n))
  }
  return path
}
