import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { HASHERS } from '../../test/merkle/hashers.ts'
import { fraction, hexOf, modelOf, sampleData } from '../../test/merkle/model-of.ts'
import { modelPath, modelRoot } from '../../test/merkle/tree-model.ts'
import { chunkRoot } from './chunk-root.ts'
import { ChunkTree } from './chunk-tree.ts'
import { treeDepth } from './constants.ts'
import { hashChunks } from './hash-chunks.ts'
import { leafPath } from './leaf-path.ts'
import { createNodeHasher } from './node-hasher.ts'
import { isValidLeaf, verifyLeaf } from './verify-leaf.ts'

const hasher = createNodeHasher()
const code = (name: string) => expect.objectContaining({ code: name })
const chunkOf = (data: Uint8Array, chunk: number) => data.subarray(chunk << 20, (chunk + 1) << 20)

const treeOf = (data: Uint8Array, capacityMiB: number) =>
  new ChunkTree({ hasher, depth: treeDepth(capacityMiB), chunkRoots: hashChunks(hasher, data) })

/** The root at `size` of the last chunk of that size. */
const lastRootAt = (data: Uint8Array, leaves: number) =>
  chunkRoot(hasher, data.subarray(Math.floor((leaves - 1) / 1024) << 20, leaves * 1024))

/** Capacity, leaves stored by now, an earlier (or the same) number of leaves, and a leaf below that. */
const question = fc
  .tuple(
    fc.constantFrom(1, 2, 3, 4, 5, 1000, 1_048_576),
    fc.integer({ min: 1, max: 4200 }),
    fraction,
    fraction,
  )
  .map(([capacityMiB, wanted, earlier, at]) => {
    const leaves = Math.min(wanted, capacityMiB * 1024)
    const then = Math.max(1, Math.round(earlier * leaves))
    return { capacityMiB, leaves, then, index: Math.min(then - 1, Math.floor(at * then)) }
  })

describe('paths', () => {
  it('are the ones of the slow model, for the present and any earlier size', () => {
    fc.assert(
      fc.property(question, ({ capacityMiB, leaves, then, index }) => {
        const data = sampleData(leaves, leaves)
        const tree = treeOf(data, capacityMiB)
        const model = modelOf(data.subarray(0, then * 1024), capacityMiB)
        const depth = treeDepth(capacityMiB)
        const size = then * 1024
        const path = leafPath({
          hasher,
          tree,
          chunkData: chunkOf(data, Math.floor(index / 1024)),
          leafIndex: index,
          size,
          depth,
          lastChunkRoot: lastRootAt(data, then),
        })
        expect(path.map(hexOf)).toEqual(modelPath(model, BigInt(index)).map(hexOf))
        const leaf = data.subarray(index * 1024, index * 1024 + 1024)
        verifyLeaf({ hasher, root: modelRoot(model), size, depth, index, leaf, path })
      }),
      { seed: 4, numRuns: 60 },
    )
  })

  it('need no root of the last chunk when it has not grown, or holds the leaf', () => {
    const data = sampleData(1, 2600)
    const tree = treeOf(data, 3)
    const path = (leafIndex: number, leaves: number) =>
      leafPath({
        hasher,
        tree,
        chunkData: chunkOf(data, Math.floor(leafIndex / 1024)),
        leafIndex,
        size: leaves * 1024,
        depth: 12,
      })
    const expected = (leafIndex: number, leaves: number) =>
      modelPath(modelOf(data.subarray(0, leaves * 1024), 3), BigInt(leafIndex)).map(hexOf)
    expect(path(5, 2600).map(hexOf)).toEqual(expected(5, 2600))
    expect(path(5, 2048).map(hexOf)).toEqual(expected(5, 2048))
    expect(path(2050, 2100).map(hexOf)).toEqual(expected(2050, 2100))
    // And do need it when it has grown and holds another leaf.
    expect(path(5, 2100).map(hexOf)).not.toEqual(expected(5, 2100))
  })

  it('are refused for what is not there', () => {
    const data = sampleData(1, 1500)
    const args = { hasher, tree: treeOf(data, 2), chunkData: chunkOf(data, 1), size: data.length, depth: 11 }
    expect(() => leafPath({ ...args, leafIndex: 1500 })).toThrow(code('PROOF_INDEX_OUT_OF_RANGE'))
    expect(() => leafPath({ ...args, leafIndex: -1 })).toThrow(code('PROOF_INDEX_OUT_OF_RANGE'))
    expect(() => leafPath({ ...args, leafIndex: 1400n, size: 1400n * 1024n })).toThrow(
      code('PROOF_INDEX_OUT_OF_RANGE'),
    )
    expect(() => leafPath({ ...args, leafIndex: 1400, size: 1500 })).toThrow(code('TREE_NOT_WHOLE_LEAVES'))
    expect(() => leafPath({ ...args, leafIndex: 1400, chunkData: data.subarray(1 << 20, -1024) })).toThrow(
      code('BUG'),
    )
    expect(() => leafPath({ ...args, leafIndex: 1400, depth: 12 })).toThrow(code('BUG'))
  })
})

describe.each(HASHERS)('a proof with one thing changed is refused, %s', (_, hasher) => {
  const data = sampleData(3, 2500)
  const model = modelOf(data, 5)
  const good = (index: number) => ({
    hasher,
    root: modelRoot(model),
    size: data.length,
    depth: 13,
    index,
    leaf: data.slice(index * 1024, index * 1024 + 1024),
    path: modelPath(model, BigInt(index)),
  })
  const flipped = (bytes: Uint8Array, bit: number) => {
    const copy = bytes.slice()
    copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7))
    return copy
  }
  const index = fc.integer({ min: 0, max: 2499 })

  it('any bit of the leaf', () => {
    fc.assert(
      fc.property(index, fc.integer({ min: 0, max: 8191 }), (i, bit) => {
        const proof = good(i)
        expect(isValidLeaf(proof)).toBe(true)
        expect(isValidLeaf({ ...proof, leaf: flipped(proof.leaf, bit) })).toBe(false)
      }),
      { seed: 5, numRuns: 100 },
    )
  })

  it('any bit of the path', () => {
    fc.assert(
      fc.property(index, fc.integer({ min: 0, max: 12 }), fc.integer({ min: 0, max: 255 }), (i, at, bit) => {
        const proof = good(i)
        const path = proof.path.map((sibling, j) => (j === at ? flipped(sibling, bit) : sibling))
        expect(isValidLeaf({ ...proof, path })).toBe(false)
      }),
      { seed: 6, numRuns: 100 },
    )
  })

  it('any bit of the root', () => {
    fc.assert(
      fc.property(index, fc.integer({ min: 0, max: 255 }), (i, bit) => {
        const proof = good(i)
        const root = flipped(proof.root, bit)
        expect(isValidLeaf({ ...proof, root })).toBe(false)
        expect(isValidLeaf({ ...proof, root: `0x${hexOf(root).slice(2)}` })).toBe(false)
      }),
      { seed: 7, numRuns: 50 },
    )
  })

  it('any bit of the index, also those above the depth', () => {
    fc.assert(
      fc.property(index, fc.integer({ min: 0, max: 52 }), (i, bit) => {
        const other = BigInt(i) ^ (1n << BigInt(bit))
        expect(isValidLeaf({ ...good(i), index: other })).toBe(false)
      }),
      { seed: 8, numRuns: 100 },
    )
  })

  it('a size that ends before the leaf, and one of partial leaves', () => {
    fc.assert(
      fc.property(index, fraction, (i, cut) => {
        const size = Math.floor(cut * i) * 1024
        expect(() => verifyLeaf({ ...good(i), size })).toThrow(code('PROOF_INDEX_OUT_OF_RANGE'))
        expect(() => verifyLeaf({ ...good(i), size: data.length - 1 })).toThrow(code('TREE_NOT_WHOLE_LEAVES'))
      }),
      { seed: 9, numRuns: 30 },
    )
  })

  it('an index past the positions of the tree, whatever the size says', () => {
    const proof = good(7)
    verifyLeaf({ ...proof, size: 2 ** 40 })
    expect(() => verifyLeaf({ ...proof, size: 2 ** 40, index: 7 + 2 ** 13 })).toThrow(
      code('PROOF_INDEX_OUT_OF_RANGE'),
    )
  })

  it('a path of any other length, and siblings of any other length', () => {
    const proof = good(1234)
    for (const length of [0, 1, 12, 14, 26]) {
      const path = Array.from({ length }, (_, i) => proof.path[i] ?? new Uint8Array(32))
      expect(() => verifyLeaf({ ...proof, path })).toThrow(code('PROOF_PATH_LENGTH'))
    }
    const short = proof.path.map((sibling, i) => (i === 4 ? sibling.subarray(1) : sibling))
    expect(() => verifyLeaf({ ...proof, path: short })).toThrow(code('PROOF_PATH_LENGTH'))
    const joined = [Buffer.concat(proof.path.slice(0, 2)), ...proof.path.slice(2)]
    expect(() => verifyLeaf({ ...proof, path: joined })).toThrow(code('PROOF_PATH_LENGTH'))
  })

  it('an index that is no whole number', () => {
    expect(isValidLeaf({ ...good(7), index: 7.5 })).toBe(false)
    expect(isValidLeaf({ ...good(0), index: -1 })).toBe(false)
    expect(isValidLeaf({ ...good(7), index: Number.NaN })).toBe(false)
  })

  it('a root that is no hash is said to be none', () => {
    expect(() => verifyLeaf({ ...good(7), root: '0x1234' })).toThrow(code('PROOF_INVALID'))
    expect(() => verifyLeaf({ ...good(7), root: new Uint8Array(31) })).toThrow(code('PROOF_INVALID'))
  })
})
