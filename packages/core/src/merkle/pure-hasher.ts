import { sha256 } from '@noble/hashes/sha2.js'
import { HASH_SIZE, LEAF_SIZE } from './constants.ts'
import { batchCount, type Hasher } from './hasher.ts'

const hashItems = (input: Uint8Array, itemSize: number, out: Uint8Array): void => {
  const count = batchCount(input, itemSize, out)
  for (let i = 0; i < count; i++) {
    out.set(sha256(input.subarray(i * itemSize, (i + 1) * itemSize)), i * HASH_SIZE)
  }
}

/** A hasher of plain JavaScript: runs everywhere, slowly. Browsers use `createWasmHasher`, which falls back to it. */
export const createPureHasher = (): Hasher => ({
  name: 'pure',
  hashLeaves: (data, out) => hashItems(data, LEAF_SIZE, out),
  hashNodes: (nodes, out) => hashItems(nodes, 2 * HASH_SIZE, out),
  sha256: (data) => sha256(data),
})
