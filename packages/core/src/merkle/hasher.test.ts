import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { sampleData } from '../../test/merkle/model-of.ts'
import { createNodeHasher } from './node-hasher.ts'
import { createPureHasher } from './pure-hasher.ts'

const sha256 = (data: Uint8Array) => new Uint8Array(createHash('sha256').update(data).digest())

const hashers = [
  ['node, as this machine gives it', createNodeHasher()],
  ['node without hashtree', createNodeHasher({ hashtree: false })],
  ['pure', createPureHasher()],
] as const

describe.each(hashers)('a hasher: %s', (_, hasher) => {
  it.each([0, 1, 2, 3, 7, 64, 1024])('hashes %i leaves', (count) => {
    const data = sampleData(count, count)
    const out = new Uint8Array(count * 32)
    hasher.hashLeaves(data, out)
    for (let i = 0; i < count; i++) {
      expect(out.subarray(i * 32, i * 32 + 32)).toEqual(sha256(data.subarray(i * 1024, i * 1024 + 1024)))
    }
  })

  it.each([0, 1, 2, 3, 15, 16, 17, 512])('hashes %i pairs of nodes', (count) => {
    const nodes = sampleData(count, Math.ceil(count / 16)).subarray(0, count * 64)
    const out = new Uint8Array(count * 32)
    hasher.hashNodes(nodes, out)
    for (let i = 0; i < count; i++) {
      expect(out.subarray(i * 32, i * 32 + 32)).toEqual(sha256(nodes.subarray(i * 64, i * 64 + 64)))
    }
  })

  it('writes only to the given part of a larger array', () => {
    const data = sampleData(5, 3).subarray(1024)
    const around = new Uint8Array(128).fill(7)
    hasher.hashLeaves(data, around.subarray(32, 96))
    expect(around.subarray(32, 64)).toEqual(sha256(data.subarray(0, 1024)))
    expect(around.subarray(64, 96)).toEqual(sha256(data.subarray(1024)))
    expect(around.subarray(0, 32)).toEqual(new Uint8Array(32).fill(7))
    expect(around.subarray(96)).toEqual(new Uint8Array(32).fill(7))
    hasher.hashNodes(around.subarray(32, 96), around.subarray(96))
    expect(around.subarray(96)).toEqual(sha256(around.subarray(32, 96)))
  })

  it('hashes anything', () => {
    expect(hasher.sha256(new Uint8Array())).toEqual(sha256(new Uint8Array()))
    expect(hasher.sha256(sampleData(9, 5).subarray(3, 4000))).toEqual(
      sha256(sampleData(9, 5).subarray(3, 4000)),
    )
  })

  it('refuses a batch that is not whole, or has no room for its result', () => {
    const code = { code: 'BUG' }
    expect(() => hasher.hashLeaves(new Uint8Array(1023), new Uint8Array(32))).toThrow(
      expect.objectContaining(code),
    )
    expect(() => hasher.hashLeaves(new Uint8Array(2048), new Uint8Array(32))).toThrow(
      expect.objectContaining(code),
    )
    expect(() => hasher.hashNodes(new Uint8Array(64), new Uint8Array(64))).toThrow(
      expect.objectContaining(code),
    )
    expect(() => hasher.hashNodes(new Uint8Array(32), new Uint8Array(32))).toThrow(
      expect.objectContaining(code),
    )
  })
})

describe('createNodeHasher', () => {
  it('says what it is made of', () => {
    expect(createNodeHasher({ hashtree: false }).name).toBe('crypto')
    expect(['crypto', 'crypto+hashtree']).toContain(createNodeHasher().name)
  })
})
