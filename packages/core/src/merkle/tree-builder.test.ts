import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { HASHERS } from '../../test/merkle/hashers.ts'
import { fraction, hexOf, modelOf, sampleData } from '../../test/merkle/model-of.ts'
import { modelPath, modelRoot } from '../../test/merkle/tree-model.ts'
import { ChunkTree } from './chunk-tree.ts'
import { treeDepth } from './constants.ts'
import { hashChunks } from './hash-chunks.ts'
import { createNodeHasher } from './node-hasher.ts'
import { TreeBuilder } from './tree-builder.ts'

const hasher = createNodeHasher()
const code = (name: string) => expect.objectContaining({ code: name })
const rootOf = (data: Uint8Array, capacityMiB: number) => hexOf(modelRoot(modelOf(data, capacityMiB)))

/** A capacity and a number of leaves that fits; often near the borders of chunks and of the capacity. */
const shape = fc
  .tuple(
    fc.integer({ min: 1, max: 6 }),
    fc.integer({ min: 0, max: 4200 }),
    fc.integer({ min: -2, max: 2 }),
    fc.boolean(),
  )
  .map(([capacityMiB, anywhere, off, border]) => ({
    capacityMiB,
    leaves: Math.max(
      0,
      Math.min(capacityMiB * 1024, border ? (anywhere % (capacityMiB + 1)) * 1024 + off : anywhere),
    ),
  }))

/** Cuts data into pieces at any bytes. */
const cut = (data: Uint8Array, points: number[]): Uint8Array[] => {
  const at = [0, ...points.map((point) => Math.floor(point * data.length)).sort((a, b) => a - b), data.length]
  return at.slice(1).map((end, i) => data.subarray(at[i], end))
}

describe.each(HASHERS)('TreeBuilder, %s', (_, hasher) => {
  it('agrees with the slow model however the bytes are cut', () => {
    fc.assert(
      fc.property(shape, fc.array(fraction, { maxLength: 12 }), ({ capacityMiB, leaves }, points) => {
        const data = sampleData(leaves, leaves)
        const builder = new TreeBuilder({ hasher, capacityMiB })
        for (const piece of cut(data, points)) builder.append(piece)
        expect(builder.commitment()).toEqual({ root: rootOf(data, capacityMiB), size: BigInt(data.length) })
      }),
      { seed: 1, numRuns: 25 },
    )
  })
})

describe('TreeBuilder', () => {
  it('takes single bytes', () => {
    const data = sampleData(1, 3)
    const builder = new TreeBuilder({ hasher, capacityMiB: 1 })
    for (const byte of data) builder.append(Uint8Array.of(byte))
    expect(builder.commitment().root).toBe(rootOf(data, 1))
  })

  it('does not keep the bytes it was given', () => {
    const data = sampleData(2, 1500)
    const buffer = new Uint8Array(100_000)
    const builder = new TreeBuilder({ hasher, capacityMiB: 2 })
    for (let at = 0; at < data.length; at += buffer.length) {
      const piece = data.subarray(at, at + buffer.length)
      buffer.set(piece)
      builder.append(buffer.subarray(0, piece.length))
      buffer.fill(0xee)
    }
    expect(builder.commitment().root).toBe(rootOf(data, 2))
  })

  it('gives a commitment at every leaf on the way, and goes on', () => {
    const data = sampleData(3, 2100)
    const builder = new TreeBuilder({ hasher, capacityMiB: 3 })
    const stops = [1, 2, 3, 4, 7, 8, 100, 1022, 1023, 1024, 1025, 1026, 2047, 2048, 2049, 2100]
    let done = 0
    for (const stop of stops) {
      builder.append(data.subarray(done * 1024, stop * 1024))
      done = stop
      expect(builder.commitment()).toEqual({
        root: rootOf(data.subarray(0, stop * 1024), 3),
        size: BigInt(stop * 1024),
      })
    }
  })

  it('emits every full chunk once and the chunk in work at each commitment', () => {
    const data = sampleData(4, 2500)
    const seen: [number, number][] = []
    const kept: { root: Uint8Array; was: string }[] = []
    const roots = new Map<number, string>()
    const builder = new TreeBuilder({
      hasher,
      capacityMiB: 3,
      onChunkRoot: (index, root, leaves) => {
        seen.push([index, leaves])
        roots.set(index, hexOf(root))
        kept.push({ root, was: hexOf(root) })
      },
    })
    builder.append(data.subarray(0, 1100 * 1024))
    builder.commitment()
    builder.append(data.subarray(1100 * 1024))
    builder.commitment()
    expect(seen).toEqual([
      [0, 1024],
      [1, 76],
      [1, 1024],
      [2, 452],
    ])
    for (const { root, was } of kept) expect(hexOf(root)).toBe(was)
    const expected = hashChunks(hasher, data)
    expect([...roots.values()].join('')).toBe(
      [0, 1, 2].map((i) => hexOf(expected.subarray(i * 32, i * 32 + 32))).join(''),
    )
  })

  it('resumes from its edge, at any leaf, as often as wanted', () => {
    fc.assert(
      fc.property(
        shape,
        fc.array(fraction, { minLength: 1, maxLength: 4 }),
        ({ capacityMiB, leaves }, points) => {
          const data = sampleData(leaves + 5, leaves)
          const stops = points.map((point) => Math.floor(point * leaves)).sort((a, b) => a - b)
          let builder = new TreeBuilder({ hasher, capacityMiB })
          let done = 0
          for (const stop of [...stops, leaves]) {
            builder.append(data.subarray(done * 1024, stop * 1024))
            done = stop
            const resumed = TreeBuilder.resume({
              hasher,
              capacityMiB,
              size: builder.size,
              edge: builder.edge(),
            })
            expect(resumed.commitment()).toEqual(builder.commitment())
            expect(resumed.edge()).toEqual(builder.edge())
            builder = resumed
          }
          expect(builder.commitment().root).toBe(rootOf(data, capacityMiB))
        },
      ),
      { seed: 2, numRuns: 30 },
    )
  })

  it('resumes from nothing but the path of the last leaf', () => {
    fc.assert(
      fc.property(shape, fraction, ({ capacityMiB, leaves }, point) => {
        const data = sampleData(leaves + 6, leaves)
        const stop = Math.max(1, Math.floor(point * leaves))
        if (leaves === 0) return
        const before = data.subarray(0, stop * 1024)
        const model = modelOf(before, capacityMiB)
        const builder = TreeBuilder.resume({
          hasher,
          capacityMiB,
          size: BigInt(before.length),
          root: modelRoot(model),
          lastLeaf: before.subarray(-1024),
          lastLeafPath: modelPath(model, BigInt(stop - 1)),
        })
        expect(builder.commitment()).toEqual({ root: hexOf(modelRoot(model)), size: BigInt(before.length) })
        builder.append(data.subarray(before.length))
        expect(builder.commitment().root).toBe(rootOf(data, capacityMiB))
      }),
      { seed: 3, numRuns: 30 },
    )
  })

  it('resumes a tree that is full', () => {
    const data = sampleData(13, 2048)
    const model = modelOf(data, 2)
    const builder = TreeBuilder.resume({
      hasher,
      capacityMiB: 2,
      size: data.length,
      root: modelRoot(model),
      lastLeaf: data.subarray(-1024),
      lastLeafPath: modelPath(model, 2047n),
    })
    expect(builder.commitment()).toEqual({ root: rootOf(data, 2), size: BigInt(data.length) })
    expect(builder.edge().map(hexOf)).toEqual([rootOf(data, 2)])
    expect(() => builder.append(new Uint8Array(1))).toThrow(code('CAPACITY_EXCEEDED'))
  })

  it('resumes at a chunk border from the chunk roots alone', () => {
    const data = sampleData(9, 5000)
    const tree = new ChunkTree({
      hasher,
      depth: treeDepth(5),
      chunkRoots: hashChunks(hasher, data.subarray(0, 3 << 20)),
    })
    const builder = TreeBuilder.resume({ hasher, capacityMiB: 5, size: 3 << 20, edge: tree.edge(3) })
    builder.append(data.subarray(3 << 20))
    expect(builder.commitment().root).toBe(rootOf(data, 5))
  })

  it('knows no commitment and no edge within a leaf', () => {
    const builder = new TreeBuilder({ hasher, capacityMiB: 1 })
    builder.append(new Uint8Array(1500))
    expect(() => builder.commitment()).toThrow(code('TREE_NOT_WHOLE_LEAVES'))
    expect(() => builder.edge()).toThrow(code('TREE_NOT_WHOLE_LEAVES'))
    builder.append(new Uint8Array(548))
    expect(builder.commitment().root).toBe(rootOf(new Uint8Array(2048), 1))
  })

  it('takes nothing beyond its capacity, and goes on after a refusal', () => {
    const data = sampleData(10, 2048)
    const builder = new TreeBuilder({ hasher, capacityMiB: 2 })
    builder.append(data.subarray(0, -1024))
    expect(() => builder.append(new Uint8Array(1025))).toThrow(code('CAPACITY_EXCEEDED'))
    builder.append(data.subarray(-1024))
    expect(() => builder.append(new Uint8Array(1))).toThrow(code('CAPACITY_EXCEEDED'))
    expect(builder.commitment().root).toBe(rootOf(data, 2))
  })

  it('a capacity that is no power of two ends before its positions do', () => {
    const builder = new TreeBuilder({ hasher, capacityMiB: 3 })
    builder.append(sampleData(11, 3072))
    expect(() => builder.append(new Uint8Array(1024))).toThrow(code('CAPACITY_EXCEEDED'))
    expect(builder.commitment().root).toBe(rootOf(sampleData(11, 3072), 3))
  })

  it('does not resume from an edge, leaf or path that does not fit', () => {
    const data = sampleData(12, 1027)
    const builder = new TreeBuilder({ hasher, capacityMiB: 2 })
    builder.append(data)
    const edge = builder.edge()
    const base = { hasher, capacityMiB: 2, size: data.length }
    const model = modelOf(data, 2)
    const last = {
      root: modelRoot(model),
      lastLeaf: data.subarray(-1024),
      lastLeafPath: modelPath(model, 1026n),
    }
    expect(edge.length).toBe(3)
    expect(() => TreeBuilder.resume({ ...base, edge: edge.slice(1) })).toThrow(code('PROOF_PATH_LENGTH'))
    expect(() => TreeBuilder.resume({ ...base, edge: [...edge, edge[0] ?? data] })).toThrow(
      code('PROOF_PATH_LENGTH'),
    )
    expect(() => TreeBuilder.resume({ ...base, edge: edge.map((node) => node.subarray(1)) })).toThrow(
      code('PROOF_PATH_LENGTH'),
    )
    expect(() => TreeBuilder.resume({ ...base, size: 3 << 20, edge })).toThrow(code('CAPACITY_EXCEEDED'))
    expect(() => TreeBuilder.resume({ ...base, size: 1000, edge })).toThrow(code('TREE_NOT_WHOLE_LEAVES'))
    expect(TreeBuilder.resume({ ...base, ...last }).edge()).toEqual(edge)
    expect(() => TreeBuilder.resume({ ...base, ...last, size: 1026 * 1024 })).toThrow(code('PROOF_INVALID'))
    expect(() => TreeBuilder.resume({ ...base, ...last, lastLeaf: data.subarray(0, 1024) })).toThrow(
      code('PROOF_INVALID'),
    )
    expect(() => TreeBuilder.resume({ ...base, ...last, size: 0 })).toThrow(code('PROOF_INDEX_OUT_OF_RANGE'))
  })
})
