import { hashToHex } from '@dmc/core/merkle/hash-hex'
import { createPureHasher } from '@dmc/core/merkle/pure-hasher'
import { hashPair, zeroNode } from '@dmc/core/merkle/zero-nodes'
import { type Hex, toHex } from 'viem'

const hasher = createPureHasher()
/** Depth of an order of 1 MiB. */
const DEPTH = 10

/** One leaf of data, the root over it and nothing else, and its path: what a challenge needs. */
export const LEAF: Hex = toHex(new Uint8Array(1_024).fill(7))
export const PATH: Hex[] = Array.from({ length: DEPTH }, (_, height) => hashToHex(zeroNode(hasher, height)))
export const ROOT: Hex = hashToHex(
  Array.from({ length: DEPTH }).reduce<Uint8Array>(
    (node, _, height) => hashPair(hasher, node, zeroNode(hasher, height)),
    hasher.sha256(new Uint8Array(1_024).fill(7)),
  ),
)
