import { createCipheriv } from 'node:crypto'
import fc from 'fast-check'
import { type ModelTree, modelDepth, modelNode, modelSha256 } from './tree-model.ts'

/** `leaves` leaves of bytes that look random, the same for the same seed. */
export const sampleData = (seed: number, leaves: number): Uint8Array => {
  const key = Buffer.alloc(16)
  key.writeUInt32LE(seed)
  return new Uint8Array(
    createCipheriv('aes-128-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(leaves * 1024)),
  )
}

/** The slow model over bytes. Nodes are remembered, so that many paths of one tree can be asked for. */
export const modelOf = (data: Uint8Array, capacityMiB: number): ModelTree => {
  const nodes = new Map<string, Uint8Array>()
  const tree: ModelTree = {
    depth: modelDepth(capacityMiB),
    leaves: BigInt(data.length / 1024),
    leaf: (index) => data.subarray(Number(index) * 1024, Number(index) * 1024 + 1024),
    known: (height, index) => {
      const key = `${height}/${index}`
      let node = nodes.get(key)
      if (node === undefined) {
        node = modelSha256(
          modelNode(tree, height - 1, 2n * index),
          modelNode(tree, height - 1, 2n * index + 1n),
        )
        nodes.set(key, node)
      }
      return node
    },
  }
  return tree
}

export const hexOf = (bytes: Uint8Array): string => `0x${Buffer.from(bytes).toString('hex')}`

/** 0 to 1, evenly: fast-check's doubles gather at 0, which leaves most of a tree unvisited. */
export const fraction: fc.Arbitrary<number> = fc.integer({ min: 0, max: 1_000_000 }).map((n) => n / 1_000_000)
