import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fraction, hexOf, modelOf, sampleData } from '../../test/merkle/model-of.ts'
import { modelDepth, modelNode, modelRoot } from '../../test/merkle/tree-model.ts'
import { chunkRoot } from './chunk-root.ts'
import { ChunkTree } from './chunk-tree.ts'
import { treeDepth } from './constants.ts'
import { hashChunks } from './hash-chunks.ts'
import { createNodeHasher } from './node-hasher.ts'
import { createPureHasher } from './pure-hasher.ts'
import { edgeChunks, isValidRange, rangeSiblings, verifyData, verifyRange } from './range-proof.ts'

const hasher = createNodeHasher()
const code = (name: string) => expect.objectContaining({ code: name })
const LEAVES = 4300
const data = sampleData(1, LEAVES)
const roots = hashChunks(hasher, data)
const trees = new Map<number, ChunkTree>()
const models = new Map<number, ReturnType<typeof modelOf>>()

const treeOf = (capacityMiB: number): ChunkTree => {
  const tree =
    trees.get(capacityMiB) ?? new ChunkTree({ hasher, depth: treeDepth(capacityMiB), chunkRoots: roots })
  trees.set(capacityMiB, tree)
  return tree
}

/** The trees of one size differ only in their depth, so their nodes are remembered together. */
const modelAt = (capacityMiB: number, leaves: number) => {
  const model = models.get(leaves) ?? modelOf(data.subarray(0, leaves * 1024), 8)
  models.set(leaves, model)
  return { ...model, depth: modelDepth(capacityMiB) }
}

/** The siblings as the slow model finds them: nodes beside the run that hold data, by height, left before right. */
const modelSiblings = (capacityMiB: number, leaves: number, level: number, first: number, count: number) => {
  const model = modelAt(capacityMiB, leaves)
  const siblings: string[] = []
  let [a, b] = [first, first + count - 1]
  for (let h = level; h < model.depth; h++) {
    for (const beside of [a % 2 === 1 ? a - 1 : -1, b % 2 === 0 ? b + 1 : -1]) {
      const hasData = beside >= 0 && beside * 2 ** h < leaves
      if (hasData) siblings.push(hexOf(modelNode(model, h, BigInt(beside))))
    }
    ;[a, b] = [Math.floor(a / 2), Math.floor(b / 2)]
  }
  return siblings
}

const makeProof = (capacityMiB: number, leaves: number, level: 0 | 10, first: number, count: number) => {
  const model = modelAt(capacityMiB, leaves)
  const size = leaves * 1024
  const edges = level === 0 ? edgeChunks({ first, count, size }) : []
  const siblings = rangeSiblings({
    hasher,
    tree: treeOf(capacityMiB),
    size,
    level,
    first,
    count,
    edgeChunkData: new Map(edges.map((chunk) => [chunk, data.subarray(chunk << 20, (chunk + 1) << 20)])),
    lastChunkRoot: chunkRoot(hasher, data.subarray(Math.floor((leaves - 1) / 1024) << 20, size)),
  })
  const nodes = new Uint8Array(
    Buffer.concat(Array.from({ length: count }, (_, i) => modelNode(model, level, BigInt(first + i)))),
  )
  return { hasher, root: modelRoot(model), size, depth: model.depth, level, first, count, nodes, siblings }
}

/** A run of leaves or chunks of the data as it was at some size. */
const run = fc
  .tuple(
    fc.constantFrom(5, 6, 8, 1000, 1_048_576),
    fc.constantFrom<0 | 10>(0, 0, 10),
    fc.constantFrom(1, 5, 1000, 1023, 1024, 1025, 2047, 2048, 2049, 2500, 3072, 3500, 4096, 4097, LEAVES),
    fraction,
    fraction,
    fc.constantFrom(0, 0, 1, 2),
  )
  .map(([capacityMiB, level, leaves, from, length, snap]) => {
    const nodes = Math.ceil(leaves / 2 ** level)
    let first = Math.min(nodes - 1, Math.floor(from * nodes))
    if (level === 0 && snap > 0) first -= first % 1024
    const rest = nodes - first
    const count = snap === 2 ? rest : Math.max(1, Math.ceil(length * rest))
    return { capacityMiB, level, leaves, first, count }
  })

describe('range proofs', () => {
  it('have exactly the siblings of the slow model, and verify', () => {
    fc.assert(
      fc.property(run, ({ capacityMiB, level, leaves, first, count }) => {
        const proof = makeProof(capacityMiB, leaves, level, first, count)
        expect(proof.siblings.map(hexOf)).toEqual(modelSiblings(capacityMiB, leaves, level, first, count))
        expect(proof.siblings.length).toBeLessThanOrEqual(2 * (proof.depth - level))
        verifyRange(proof)
      }),
      { seed: 11, numRuns: 120 },
    )
  })

  it('prove data that starts and ends anywhere', () => {
    const pure = createPureHasher()
    fc.assert(
      fc.property(run, ({ capacityMiB, leaves, first, count }) => {
        const start = Math.min(first, leaves - 1)
        const length = Math.min(count, leaves - start)
        const { root, size, depth, siblings } = makeProof(capacityMiB, leaves, 0, start, length)
        const commitment = { root: `0x${hexOf(root).slice(2)}`, size: BigInt(size) } as const
        const args = { commitment, depth, offset: BigInt(start * 1024), siblings }
        verifyData({ ...args, hasher, data: data.subarray(start * 1024, (start + length) * 1024) })
        if (length < 50)
          verifyData({ ...args, hasher: pure, data: data.subarray(start * 1024, (start + length) * 1024) })
        const bad = data.slice(start * 1024, (start + length) * 1024)
        const at = (first * 7919) % bad.length
        bad[at] = (bad[at] ?? 0) ^ 1
        expect(() => verifyData({ ...args, hasher, data: bad })).toThrow(code('PROOF_INVALID'))
      }),
      { seed: 12, numRuns: 60 },
    )
  })

  it('are refused with anything changed, left out or added', () => {
    fc.assert(
      fc.property(
        run,
        fc.nat(),
        fc.integer({ min: 0, max: 7 }),
        ({ capacityMiB, level, leaves, first, count }, at, bit) => {
          const proof = makeProof(capacityMiB, leaves, level, first, count)
          const flip = (bytes: Uint8Array) => {
            const copy = bytes.slice()
            copy[at % copy.length] = (copy[at % copy.length] ?? 0) ^ (1 << bit)
            return copy
          }
          const j = at % Math.max(1, proof.siblings.length)
          const refused = [
            { ...proof, nodes: flip(proof.nodes) },
            { ...proof, root: flip(proof.root) },
            { ...proof, siblings: [...proof.siblings, new Uint8Array(32)] },
            { ...proof, first: first + 1 },
            { ...proof, count: count + 1 },
            { ...proof, count: count - 1, nodes: proof.nodes.subarray(32) },
            { ...proof, nodes: proof.nodes.subarray(1) },
            { ...proof, nodes: new Uint8Array([...proof.nodes, ...new Uint8Array(32)]) },
            { ...proof, depth: proof.depth + 1 },
          ]
          if (proof.siblings.length > 0) {
            refused.push(
              { ...proof, siblings: proof.siblings.filter((_, i) => i !== j) },
              { ...proof, siblings: proof.siblings.map((s, i) => (i === j ? flip(s) : s)) },
              { ...proof, siblings: proof.siblings.map((s, i) => (i === j ? s.subarray(1) : s)) },
              { ...proof, siblings: proof.siblings.map((s, i) => (i === j ? Buffer.concat([s, s]) : s)) },
              { ...proof, siblings: [] },
            )
          }
          expect(isValidRange(proof)).toBe(true)
          for (const [i, bad] of refused.entries()) expect([i, isValidRange(bad)]).toEqual([i, false])
        },
      ),
      { seed: 13, numRuns: 60 },
    )
  })

  it('of all data need no sibling and show that nothing follows', () => {
    const proof = makeProof(8, 2500, 10, 0, 3)
    expect(proof.siblings).toEqual([])
    // The same chunk roots under a tree that holds more: refused, though its siblings would be right.
    const more = makeProof(8, LEAVES, 10, 0, 3)
    expect(isValidRange({ ...proof, root: more.root })).toBe(false)
    expect(isValidRange({ ...more, size: 2500 * 1024 })).toBe(false)
  })

  it('at the end of the data do not take Z as a sibling: it is left over', () => {
    const proof = makeProof(8, 2501, 0, 2500, 1)
    verifyRange(proof)
    expect(() => verifyRange({ ...proof, siblings: [new Uint8Array(32), ...proof.siblings] })).toThrow(
      code('PROOF_PATH_LENGTH'),
    )
  })

  it('leaf hashes are not taken for chunk roots, nor the other way round', () => {
    const proof = makeProof(8, 2048, 10, 0, 2)
    expect(isValidRange({ ...proof, level: 0 })).toBe(false)
    const leaves = makeProof(8, 2048, 0, 0, 2)
    expect(isValidRange({ ...leaves, level: 10 })).toBe(false)
  })

  it('are not made and not taken for what is past the data', () => {
    const args = { hasher, tree: treeOf(5), size: 2500 * 1024, level: 10 as const }
    const outOfRange = code('PROOF_INDEX_OUT_OF_RANGE')
    expect(() => rangeSiblings({ ...args, first: 0, count: 4 })).toThrow(outOfRange)
    expect(() => rangeSiblings({ ...args, first: 3, count: 1 })).toThrow(outOfRange)
    expect(() => rangeSiblings({ ...args, first: 0, count: 0 })).toThrow(outOfRange)
    expect(() => rangeSiblings({ ...args, first: -1, count: 1 })).toThrow(outOfRange)
    const proof = makeProof(5, 2500, 10, 0, 3)
    expect(() => verifyRange({ ...proof, first: 3, count: 1, nodes: new Uint8Array(32) })).toThrow(outOfRange)
    expect(() => verifyRange({ ...proof, count: 0, nodes: new Uint8Array() })).toThrow(outOfRange)
    expect(() => verifyRange({ ...proof, first: 0.5 })).toThrow(outOfRange)
    expect(() => verifyRange({ ...proof, size: 0 })).toThrow(outOfRange)
    expect(() => verifyRange({ ...proof, size: 100 })).toThrow(code('TREE_NOT_WHOLE_LEAVES'))
  })

  it('data that is not whole leaves, or none, is refused', () => {
    const { root, size, depth } = makeProof(5, 2500, 0, 0, 1)
    const commitment = { root: `0x${hexOf(root).slice(2)}`, size: BigInt(size) } as const
    const args = { hasher, commitment, depth, offset: 0, siblings: [] }
    expect(() => verifyData({ ...args, data: data.subarray(0, 1000) })).toThrow(code('TREE_NOT_WHOLE_LEAVES'))
    expect(() => verifyData({ ...args, offset: 512, data: data.subarray(0, 1024) })).toThrow(
      code('TREE_NOT_WHOLE_LEAVES'),
    )
    expect(() => verifyData({ ...args, data: new Uint8Array() })).toThrow(code('PROOF_INDEX_OUT_OF_RANGE'))
  })

  it('name the chunks whose data they need', () => {
    const size = 2500 * 1024
    expect(edgeChunks({ first: 0, count: 1024, size })).toEqual([])
    expect(edgeChunks({ first: 1024, count: 1476, size })).toEqual([])
    expect(edgeChunks({ first: 0, count: 1023, size })).toEqual([0])
    expect(edgeChunks({ first: 1, count: 1023, size })).toEqual([0])
    expect(edgeChunks({ first: 5, count: 2000, size })).toEqual([0, 1])
    expect(edgeChunks({ first: 2499, count: 1, size })).toEqual([2])
    expect(() => rangeSiblings({ hasher, tree: treeOf(5), size, level: 0, first: 5, count: 1 })).toThrow(
      code('BUG'),
    )
  })
})
