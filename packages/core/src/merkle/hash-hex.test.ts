import { describe, expect, it } from 'vitest'
import { sampleData } from '../../test/merkle/model-of.ts'
import { hashBytes, hashToHex, sameHash } from './hash-hex.ts'

const hash = sampleData(1, 1).subarray(0, 32)

describe('a hash', () => {
  it('comes back from its text, also from capital digits', () => {
    const text = hashToHex(hash)
    expect(text).toBe(`0x${Buffer.from(hash).toString('hex')}`)
    expect(hashToHex(hashBytes(text))).toBe(text)
    expect(hashToHex(hashBytes(`0x${text.slice(2).toUpperCase()}`))).toBe(text)
    expect(hashBytes(hash)).toBe(hash)
  })

  it.each([
    '0x',
    `0x${'0'.repeat(63)}`,
    `0x${'0'.repeat(65)}`,
    `0x${'0'.repeat(63)}g`,
    `0x${'0'.repeat(64)}\n`,
  ] as const)('is not %j', (text) => {
    expect(() => hashBytes(text)).toThrow(expect.objectContaining({ code: 'PROOF_INVALID' }))
  })

  it.each([0, 31, 33])('is not %i bytes', (length) => {
    expect(() => hashBytes(new Uint8Array(length))).toThrow(
      expect.objectContaining({ code: 'PROOF_INVALID' }),
    )
  })

  it('is the same only with the same bytes and length', () => {
    expect(sameHash(hash, hash.slice())).toBe(true)
    expect(sameHash(hash, hash.with(31, 255 - (hash[31] ?? 0)))).toBe(false)
    expect(sameHash(hash.subarray(0, 31), hash)).toBe(false)
    expect(sameHash(hash, hash.subarray(0, 31))).toBe(false)
  })
})
