import { HASH_SIZE } from './constants.ts'
import type { Hasher } from './hasher.ts'

const nodes: Uint8Array[] = [new Uint8Array(HASH_SIZE)]

/**
 * Z(height): the node over positions that hold no data. Z0 = 32 zero bytes, Z(h+1) = sha256(Zh || Zh)
 * (design "The tree"). The result is shared: copy it before handing it out.
 */
export const zeroNode = (hasher: Hasher, height: number): Uint8Array => {
  const known = nodes[height]
  if (known !== undefined) return known
  const made = hashPair(hasher, zeroNode(hasher, height - 1), zeroNode(hasher, height - 1))
  nodes[height] = made
  return made
}

/** Node = sha256(left || right): a fresh 32 bytes. */
export const hashPair = (hasher: Hasher, left: Uint8Array, right: Uint8Array): Uint8Array => {
  const pair = new Uint8Array(2 * HASH_SIZE)
  pair.set(left)
  pair.set(right, HASH_SIZE)
  return hasher.sha256(pair)
}
