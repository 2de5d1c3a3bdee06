import { hash } from 'node:crypto'
import { createRequire } from 'node:module'
import { DmcError } from '../errors/dmc-error.ts'
import { HASH_SIZE, LEAF_SIZE } from './constants.ts'
import { batchCount, type Hasher } from './hasher.ts'
import { itemsAgree } from './node-hasher-self-test.ts'

type HashNodes = Hasher['hashNodes']

const NODE_PAIR = 2 * HASH_SIZE

/** Hashes written at once. */
const BATCH = 32

/**
 * One `crypto.hash` per item. Asking for binary strings and writing a batch of them into place costs half of
 * asking for a Buffer per item: no object with its own memory is made 1,024 times per chunk.
 */
const hashItems = (input: Uint8Array, itemSize: number, out: Uint8Array): void => {
  const count = batchCount(input, itemSize, out)
  const target = Buffer.from(out.buffer, out.byteOffset, out.byteLength)
  for (let first = 0; first < count; first += BATCH) {
    let hashes = ''
    for (let i = first; i < first + BATCH && i < count; i++) {
      hashes += hash('sha256', input.subarray(i * itemSize, (i + 1) * itemSize), 'binary')
    }
    target.write(hashes, first * HASH_SIZE, 'latin1')
  }
}

const plainNodes: HashNodes = (nodes, out) => hashItems(nodes, NODE_PAIR, out)

/** `@chainsafe/hashtree` hashes pairs of nodes in SIMD lanes; its prebuilt file may be missing on a platform. */
const loadHashtree = (): HashNodes | undefined => {
  try {
    const hashtree: { hashInto(input: Uint8Array, output: Uint8Array): void } = createRequire(
      import.meta.url,
    )('@chainsafe/hashtree')
    return (nodes, out) => {
      if (batchCount(nodes, NODE_PAIR, out) > 0) hashtree.hashInto(nodes, out)
    }
  } catch {
    return undefined
  }
}

/**
 * The portable hasher for Node: `crypto.hash` for leaves, `@chainsafe/hashtree` for nodes; where that can't
 * load or gives wrong hashes, `crypto.hash` for nodes too. Tested against `createHash` before it is returned.
 *
 * @param options.hashtree false: do without it
 * @throws DmcError BUG when `crypto.hash` itself gives wrong hashes
 */
export const createPortableHasher = (options: { hashtree?: boolean } = {}): Hasher => {
  const hashLeaves: Hasher['hashLeaves'] = (data, out) => hashItems(data, LEAF_SIZE, out)
  if (!itemsAgree(hashLeaves, LEAF_SIZE, [1, 3]) || !itemsAgree(plainNodes, NODE_PAIR, [1, 3])) {
    throw new DmcError('BUG', `crypto.hash of Node ${process.version} gives wrong SHA-256 hashes.`, {
      hint: 'Run the agent with the Node version that it is shipped with.',
    })
  }
  const fast = options.hashtree === false ? undefined : loadHashtree()
  const hashtree = fast !== undefined && itemsAgree(fast, NODE_PAIR) ? fast : undefined
  return {
    name: hashtree === undefined ? 'crypto' : 'crypto+hashtree',
    hashLeaves,
    hashNodes: hashtree ?? plainNodes,
    sha256: (data) => new Uint8Array(hash('sha256', data, 'buffer')),
  }
}
