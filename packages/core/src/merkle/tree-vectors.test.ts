import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { HASHERS } from '../../test/merkle/hashers.ts'
import { makeVectors, seededLeaf } from '../../test/merkle/make-vectors.ts'
import { treeDepth } from './constants.ts'
import { hashToHex } from './hash-hex.ts'
import { TreeBuilder } from './tree-builder.ts'
import { isValidLeaf, verifyLeaf } from './verify-leaf.ts'
import { zeroNode } from './zero-nodes.ts'

const bytes = z.string().transform((text) => new Uint8Array(Buffer.from(text.slice(2), 'hex')))
const hex = z.templateLiteral(['0x', z.string()])
const proofSchema = z.object({
  name: z.string(),
  capacityMiB: z.number(),
  depth: z.number(),
  size: z.number(),
  root: hex,
  index: z.number(),
  leaf: bytes,
  path: z.array(bytes),
})
const treeSchema = z.object({
  name: z.string(),
  capacityMiB: z.number(),
  depth: z.number(),
  size: z.number(),
  root: hex,
  seed: z.string().transform(BigInt),
  sparse: z.boolean(),
})
const text = readFileSync(new URL('../../vectors/tree.json', import.meta.url), 'utf8')
const vectors = z
  .object({
    zeroNodes: z.array(hex),
    trees: z.array(treeSchema),
    proofs: z.array(proofSchema),
    refused: z.array(proofSchema.extend({ code: z.string() })),
  })
  .parse(JSON.parse(text))

it('the vectors are the ones that the slow model makes', () => {
  expect(text === makeVectors(), 'run node packages/core/scripts/make-vectors.ts').toBe(true)
}, 60_000)

describe.each(HASHERS)('vectors, %s', (_, hasher) => {
  it('nodes without data', () => {
    expect(vectors.zeroNodes.map((_, height) => hashToHex(zeroNode(hasher, height)))).toEqual(
      vectors.zeroNodes,
    )
  })

  it.each(vectors.trees)('depth: $name', ({ capacityMiB, depth }) => {
    expect(treeDepth(capacityMiB)).toBe(depth)
    expect(treeDepth(BigInt(capacityMiB))).toBe(depth)
  })

  it.each(vectors.trees.filter((tree) => !tree.sparse))(
    'root: $name',
    ({ capacityMiB, size, root, seed }) => {
      const builder = new TreeBuilder({ hasher, capacityMiB })
      for (let i = 0; i < size / 1024; i++) builder.append(seededLeaf(seed, BigInt(i)))
      expect(builder.commitment()).toEqual({ root, size: BigInt(size) })
    },
  )

  it.each(vectors.proofs)('proof: $name', (proof) => {
    verifyLeaf({ hasher, ...proof })
    expect(isValidLeaf({ hasher, ...proof, index: BigInt(proof.index), size: BigInt(proof.size) })).toBe(true)
  })

  it.each(vectors.refused)('refused: $name', ({ code, ...proof }) => {
    expect(() => verifyLeaf({ hasher, ...proof })).toThrow(expect.objectContaining({ code }))
    expect(isValidLeaf({ hasher, ...proof })).toBe(false)
  })
})
