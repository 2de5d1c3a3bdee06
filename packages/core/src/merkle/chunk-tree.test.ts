import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { hexOf, modelOf, sampleData } from '../../test/merkle/model-of.ts'
import { modelNode, modelRoot, modelSha256 } from '../../test/merkle/tree-model.ts'
import { chunkRoot } from './chunk-root.ts'
import { ChunkTree } from './chunk-tree.ts'
import { rootFromChunkRoots } from './commitment.ts'
import { treeDepth } from './constants.ts'
import { hashChunks } from './hash-chunks.ts'
import { createNodeHasher } from './node-hasher.ts'

const hasher = createNodeHasher()
const code = (name: string) => expect.objectContaining({ code: name })
const rootNumber = (i: number) => modelSha256(Uint8Array.of(i & 255, i >> 8))
const rootsUpTo = (count: number) => Buffer.concat(Array.from({ length: count }, (_, i) => rootNumber(i)))

describe('ChunkTree', () => {
  const data = sampleData(1, 4300)
  const roots = hashChunks(hasher, data)

  it.each([1, 2, 500, 1023, 1024, 1025, 2048, 2049, 3071, 3072, 4096, 4097, 4299, 4300])(
    'the commitment of the first %i leaves follows from the boundary chunk alone',
    (leaves) => {
      const tree = new ChunkTree({ hasher, depth: treeDepth(5), chunkRoots: roots })
      const boundary = Math.floor((leaves - 1) / 1024)
      const lastChunkRoot = chunkRoot(hasher, data.subarray(boundary << 20, leaves * 1024))
      const expected = {
        root: hexOf(modelRoot(modelOf(data.subarray(0, leaves * 1024), 5))),
        size: BigInt(leaves * 1024),
      }
      expect(tree.commitment(leaves * 1024, lastChunkRoot)).toEqual(expected)
      expect(hexOf(tree.root(BigInt(leaves * 1024), lastChunkRoot))).toBe(expected.root)
      if (leaves % 1024 === 0 || leaves === 4300) expect(tree.commitment(leaves * 1024)).toEqual(expected)
      // Asking for the past changes nothing.
      expect(hexOf(tree.root(data.length))).toBe(hexOf(modelRoot(modelOf(data, 5))))
    },
  )

  it('is Z(depth) at size 0', () => {
    expect(hexOf(new ChunkTree({ hasher, depth: 13 }).root(0))).toBe(
      hexOf(modelRoot(modelOf(new Uint8Array(), 5))),
    )
  })

  it('gives the siblings of every chunk', () => {
    const tree = new ChunkTree({ hasher, depth: treeDepth(5), chunkRoots: roots })
    const model = modelOf(data, 5)
    for (let chunk = 0; chunk < 5; chunk++) {
      const expected = [10, 11, 12].map((height) =>
        hexOf(modelNode(model, height, (BigInt(chunk) >> BigInt(height - 10)) ^ 1n)),
      )
      expect(tree.siblings({ chunk, size: data.length }).map(hexOf)).toEqual(expected)
    }
  })

  it('holds after any order of sets, replacements, truncations and questions', () => {
    const step = fc.oneof(
      {
        weight: 6,
        arbitrary: fc.record({
          act: fc.constant('set' as const),
          index: fc.integer({ min: 0, max: 299 }),
          root: fc.integer({ min: 0, max: 999 }),
        }),
      },
      {
        weight: 1,
        arbitrary: fc.record({
          act: fc.constant('truncate' as const),
          index: fc.integer({ min: 0, max: 299 }),
          root: fc.constant(0),
        }),
      },
      {
        weight: 3,
        arbitrary: fc.record({
          act: fc.constant('ask' as const),
          index: fc.integer({ min: 1, max: 299 }),
          root: fc.integer({ min: 0, max: 999 }),
        }),
      },
    )
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 300 }), fc.array(step, { maxLength: 60 }), (start, steps) => {
        const tree = new ChunkTree({ hasher, depth: 10 + 9, chunkRoots: rootsUpTo(start) })
        let plain = Array.from({ length: start }, (_, i) => rootNumber(i))
        for (const { act, index, root } of steps) {
          if (act === 'set' && index <= plain.length) {
            tree.set(index, rootNumber(root))
            plain[index] = rootNumber(root)
          } else if (act === 'truncate') {
            tree.truncate(index)
            plain = plain.slice(0, index)
          } else if (act === 'ask') {
            const chunks = Math.min(index, plain.length)
            const last = root % 2 === 0 ? rootNumber(root) : undefined
            const then = plain.slice(0, chunks)
            if (last !== undefined && chunks > 0) then[chunks - 1] = last
            const expected = rootFromChunkRoots(hasher, Buffer.concat(then), 19)
            expect(hexOf(tree.root(chunks << 20, last))).toBe(hexOf(expected))
          }
          expect(tree.length).toBe(plain.length)
        }
        expect(hexOf(tree.root(plain.length << 20))).toBe(
          hexOf(rootFromChunkRoots(hasher, Buffer.concat(plain), 19)),
        )
      }),
      { seed: 10, numRuns: 60 },
    )
  })

  it('may be filled out of order, and says which root is missing', () => {
    const tree = new ChunkTree({ hasher, depth: 12 })
    tree.set(2, rootNumber(2))
    tree.set(0, rootNumber(0))
    expect(tree.length).toBe(3)
    expect(tree.get(1)).toBeUndefined()
    expect(() => tree.root(3 << 20)).toThrow('chunk 1')
    expect(() => tree.root(3 << 20)).toThrow(code('BUG'))
    expect(hexOf(tree.root(1 << 20))).toBe(hexOf(rootFromChunkRoots(hasher, rootNumber(0), 12)))
    tree.set(1, rootNumber(1))
    expect(hexOf(tree.root(3 << 20))).toBe(hexOf(rootFromChunkRoots(hasher, rootsUpTo(3), 12)))
    expect(() => tree.root(4 << 20)).toThrow('chunk 3')
  })

  it('reports a gap also under kept nodes', () => {
    const tree = new ChunkTree({ hasher, depth: 20 })
    for (let i = 0; i < 64; i++) if (i !== 37) tree.set(i, rootNumber(i))
    expect(() => tree.root(64 << 20)).toThrow('chunk 37')
    tree.set(37, rootNumber(37))
    expect(hexOf(tree.root(64 << 20))).toBe(hexOf(rootFromChunkRoots(hasher, rootsUpTo(64), 20)))
  })

  it('hands out chunk roots for a named size', () => {
    const tree = new ChunkTree({ hasher, depth: 13, chunkRoots: roots })
    expect(hexOf(tree.chunkRoots({ first: 1, count: 3, size: data.length }))).toBe(
      hexOf(roots.subarray(32, 128)),
    )
    const lastChunkRoot = chunkRoot(hasher, data.subarray(2 << 20, 2500 * 1024))
    expect(hexOf(tree.chunkRoots({ first: 1, count: 2, size: 2500 * 1024, lastChunkRoot }))).toBe(
      hexOf(Buffer.concat([roots.subarray(32, 64), lastChunkRoot])),
    )
    expect(() => tree.chunkRoots({ first: 1, count: 3, size: 2500 * 1024 })).toThrow(
      code('PROOF_INDEX_OUT_OF_RANGE'),
    )
  })

  it('gives nothing that changes when the caller writes to it', () => {
    const size = 64 << 20
    const tree = new ChunkTree({ hasher, depth: 16, chunkRoots: rootsUpTo(64) })
    const before = { root: hexOf(tree.root(size)), siblings: tree.siblings({ chunk: 5, size }).map(hexOf) }
    const given = [tree.root(size), tree.get(4), ...tree.siblings({ chunk: 5, size }), ...tree.edge(64)]
    for (const node of [...given, ...tree.siblings({ chunk: 5, size: 1 << 20 })]) node?.fill(1)
    expect({ root: hexOf(tree.root(size)), siblings: tree.siblings({ chunk: 5, size }).map(hexOf) }).toEqual(
      before,
    )
    expect(hexOf(tree.root(0))).toBe(hexOf(rootFromChunkRoots(hasher, new Uint8Array(), 16)))
  })

  it('remembers nothing of what was truncated', () => {
    const tree = new ChunkTree({ hasher, depth: 16, chunkRoots: rootsUpTo(64) })
    tree.root(64 << 20)
    tree.truncate(20)
    expect(() => tree.root(64 << 20)).toThrow('chunk 20')
    tree.set(40, rootNumber(40))
    expect(tree.get(30)).toBeUndefined()
    expect(() => tree.root(41 << 20)).toThrow('chunk 20')
    expect(hexOf(tree.root(20 << 20))).toBe(hexOf(rootFromChunkRoots(hasher, rootsUpTo(20), 16)))
  })

  it('takes no chunk beyond its depth, and no root that is none', () => {
    const tree = new ChunkTree({ hasher, depth: 11 })
    expect(() => tree.set(2, rootNumber(2))).toThrow(code('CAPACITY_EXCEEDED'))
    expect(() => tree.set(-1, rootNumber(2))).toThrow(code('CAPACITY_EXCEEDED'))
    expect(() => tree.set(0, new Uint8Array(32))).toThrow(code('BUG'))
    expect(() => tree.set(0, new Uint8Array(31).fill(1))).toThrow(code('BUG'))
    expect(() => tree.root(1000)).toThrow(code('TREE_NOT_WHOLE_LEAVES'))
  })
})
