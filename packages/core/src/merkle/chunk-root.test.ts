import { describe, expect, it } from 'vitest'
import { HASHERS } from '../../test/merkle/hashers.ts'
import { hexOf, modelOf, sampleData } from '../../test/merkle/model-of.ts'
import { modelNode, modelRoot } from '../../test/merkle/tree-model.ts'
import { chunkLevels, chunkRoot } from './chunk-root.ts'
import { rootFromChunkRoots } from './commitment.ts'
import { treeDepth } from './constants.ts'
import { hashChunks } from './hash-chunks.ts'
import { createNodeHasher } from './node-hasher.ts'

const code = (name: string) => expect.objectContaining({ code: name })

describe.each(HASHERS)('chunks, %s', (_, hasher) => {
  it.each([1, 2, 3, 5, 511, 512, 513, 1000, 1023, 1024])(
    'the root and the nodes of a chunk of %i leaves',
    (leaves) => {
      const data = sampleData(leaves, leaves)
      const model = modelOf(data, 1)
      expect(hexOf(chunkRoot(hasher, data))).toBe(hexOf(modelRoot(model)))
      const levels = chunkLevels(hasher, data)
      expect(levels.map((level) => level.length / 32)).toEqual([1024, 512, 256, 128, 64, 32, 16, 8, 4, 2, 1])
      for (const [height, index] of [
        [0, 0],
        [0, leaves - 1],
        [0, 1023],
        [1, 511],
        [4, 1],
        [9, 1],
        [10, 0],
      ] as const) {
        const node = levels[height]?.subarray(index * 32, index * 32 + 32) ?? new Uint8Array()
        expect(hexOf(node)).toBe(hexOf(modelNode(model, height, BigInt(index))))
      }
    },
  )

  it('a chunk root does not depend on what was hashed before', () => {
    const short = sampleData(1, 3)
    const before = hexOf(chunkRoot(hasher, short))
    chunkRoot(hasher, sampleData(2, 1024))
    expect(hexOf(chunkRoot(hasher, short))).toBe(before)
  })

  it('a result is not overwritten by the next call, and goes where it is asked to', () => {
    const first = chunkRoot(hasher, sampleData(1, 3))
    const copy = first.slice()
    const out = new Uint8Array(32)
    expect(chunkRoot(hasher, sampleData(2, 4), out)).toBe(out)
    expect(first).toEqual(copy)
    expect(out).not.toEqual(first)
  })

  it.each([
    [1, 1],
    [1024, 1],
    [1025, 2],
    [2500, 3],
    [3072, 3],
    [4097, 5],
    [1025, 1000],
  ])('the root of %i leaves in %i MiB from their chunk roots', (leaves, capacityMiB) => {
    const data = sampleData(7, leaves)
    const roots = hashChunks(hasher, data)
    expect(roots.length).toBe(Math.ceil(leaves / 1024) * 32)
    const before = roots.slice()
    expect(hexOf(rootFromChunkRoots(hasher, roots, treeDepth(capacityMiB)))).toBe(
      hexOf(modelRoot(modelOf(data, capacityMiB))),
    )
    expect(roots).toEqual(before)
  })

  it('no data at all has the root Z(depth)', () => {
    const empty = modelOf(new Uint8Array(), 3)
    expect(hexOf(rootFromChunkRoots(hasher, new Uint8Array(), 12))).toBe(hexOf(modelRoot(empty)))
  })
})

describe('what is no chunk', () => {
  const hasher = createNodeHasher()
  it('partial leaves are refused', () => {
    expect(() => chunkRoot(hasher, new Uint8Array(1025))).toThrow(code('TREE_NOT_WHOLE_LEAVES'))
    expect(() => chunkLevels(hasher, new Uint8Array(1023))).toThrow(code('TREE_NOT_WHOLE_LEAVES'))
    expect(() => hashChunks(hasher, new Uint8Array(1536))).toThrow(code('TREE_NOT_WHOLE_LEAVES'))
  })
  it('nothing, and more than a chunk, are refused', () => {
    expect(() => chunkRoot(hasher, new Uint8Array())).toThrow(code('BUG'))
    expect(() => chunkRoot(hasher, new Uint8Array(1025 * 1024))).toThrow(code('BUG'))
  })
  it('more chunks than the depth has room for are refused', () => {
    expect(() => rootFromChunkRoots(hasher, new Uint8Array(64), 10)).toThrow(code('CAPACITY_EXCEEDED'))
    expect(() => rootFromChunkRoots(hasher, new Uint8Array(33), 20)).toThrow(code('CAPACITY_EXCEEDED'))
  })
  it.each([0, -1, 1.5, 2 ** 32, 2n ** 32n, Number.NaN])('a capacity of %s MiB has no depth', (capacity) => {
    expect(() => treeDepth(capacity)).toThrow(code('BAD_SIZE'))
  })
  it('a depth is the first power of two not below the capacity', () => {
    expect([1, 2, 3, 4, 5, 8, 9, 1024, 1025, 2 ** 32 - 1].map(treeDepth)).toEqual([
      10, 11, 12, 12, 13, 13, 14, 20, 21, 42,
    ])
  })
})
