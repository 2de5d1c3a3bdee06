import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { HASHERS } from '../../test/merkle/hashers.ts'
import { sampleData } from '../../test/merkle/model-of.ts'
import { chunkRoot } from './chunk-root.ts'
import { createPureHasher } from './pure-hasher.ts'

const sha256 = (data: Uint8Array) => new Uint8Array(createHash('sha256').update(data).digest())

/** The same bytes in every kind of memory that a caller may hold, at even and odd offsets. */
const places: [string, (data: Uint8Array) => Uint8Array][] = [
  ['an ArrayBuffer', (data) => data],
  ['a SharedArrayBuffer', (data) => place(data, new SharedArrayBuffer(data.length + 64), 0)],
  ['a SharedArrayBuffer, unaligned', (data) => place(data, new SharedArrayBuffer(data.length + 64), 13)],
  ['an ArrayBuffer, unaligned', (data) => place(data, new ArrayBuffer(data.length + 64), 1)],
  [
    'a growing ArrayBuffer',
    (data) => place(data, new ArrayBuffer(data.length + 3, { maxByteLength: 1 << 24 }), 3),
  ],
  ['a pooled Buffer', (data) => Buffer.from(data)],
]
const place = (data: Uint8Array, memory: ArrayBufferLike, offset: number): Uint8Array => {
  const view = new Uint8Array(memory, offset, data.length)
  view.set(data)
  return view
}

describe.each(HASHERS)('a hasher: %s', (_, hasher) => {
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

  it('hashes many bodies behind one prefix, where it offers that', () => {
    if (!hasher.hashMany) return
    const prefix = sampleData(3, 1).subarray(0, 65)
    const bodies = [0, 63, 64, 3000, 70_000].map((size) => sampleData(size, 70).subarray(0, size))
    const out = new Uint8Array(5 * 32)
    hasher.hashMany(prefix, bodies, out)
    bodies.forEach((body, i) => {
      expect(out.subarray(i * 32, i * 32 + 32)).toEqual(sha256(Buffer.concat([prefix, body])))
    })
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

  it.each(places)('hashes from and into %s', (_, put) => {
    const bytes = sampleData(11, 5)
    const leaves = put(new Uint8Array(5 * 32))
    hasher.hashLeaves(put(bytes), leaves)
    for (let i = 0; i < 5; i++) {
      expect(Uint8Array.from(leaves.subarray(i * 32, i * 32 + 32))).toEqual(
        sha256(bytes.subarray(i * 1024, i * 1024 + 1024)),
      )
    }
    const nodes = put(new Uint8Array(64))
    hasher.hashNodes(put(leaves.slice(0, 128)), nodes)
    expect(Uint8Array.from(nodes.subarray(32))).toEqual(sha256(Uint8Array.from(leaves.subarray(64, 128))))
    const root = put(new Uint8Array(32))
    chunkRoot(hasher, put(bytes), root)
    expect(Uint8Array.from(root)).toEqual(chunkRoot(createPureHasher(), bytes))
  })

  it('gives the chunk roots of the plain hasher, whatever the data and wherever it lies', () => {
    const plain = createPureHasher()
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1024 }),
        fc.integer({ min: 0, max: 2 ** 31 }),
        fc.constantFrom(...places),
        (leaves, seed, [, put]) => {
          const data = sampleData(seed, leaves)
          expect(chunkRoot(hasher, put(data))).toEqual(chunkRoot(plain, data))
        },
      ),
      { numRuns: 25 },
    )
  })
})
