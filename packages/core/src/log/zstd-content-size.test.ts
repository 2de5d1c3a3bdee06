import { randomBytes } from 'node:crypto'
import { constants, zstdCompressSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { nodeLogCrypto } from './node-log-crypto.ts'
import { zstdContentSize } from './zstd-content-size.ts'

const sizes = [
  0, 1, 63, 64, 255, 256, 257, 511, 65_535, 65_536, 65_791, 65_792, 262_144, 1_000_000, 4_194_304,
]

describe('the size that a zstd frame tells', () => {
  it.each(sizes)('is that of its %i bytes', (size) => {
    for (const level of [1, 3, 9]) {
      const frame = nodeLogCrypto.zstdCompress(Buffer.alloc(size, 'abcdefg'), level)
      expect(zstdContentSize(frame)).toBe(size)
    }
  })

  it('is not told by a frame without it, nor by anything that is no frame', () => {
    const silent = zstdCompressSync(Buffer.alloc(5000, 'x'), {
      params: { [constants.ZSTD_c_contentSizeFlag]: 0 },
    })
    expect(zstdContentSize(silent)).toBe(null)
    for (let length = 0; length < 40; length++)
      expect(zstdContentSize(randomBytes(length).fill(7))).toBe(null)
    const frame = nodeLogCrypto.zstdCompress(Buffer.alloc(70_000, 'y'), 3)
    for (let cut = 0; cut < 8; cut++) expect(zstdContentSize(frame.subarray(0, cut))).toBe(null)
  })

  it('decompresses whatever a frame tells: too little, too much, nothing', () => {
    const body = Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * i) >> 7))
    const frame = Buffer.from(nodeLogCrypto.zstdCompress(body, 3))
    const open = (bytes: Uint8Array) => nodeLogCrypto.zstdDecompress(Buffer.from(bytes), 4 << 20)
    expect(Buffer.from(open(frame) ?? []).equals(body)).toBe(true)
    const silent = zstdCompressSync(body, { params: { [constants.ZSTD_c_contentSizeFlag]: 0 } })
    expect(Buffer.from(open(silent) ?? []).equals(body)).toBe(true)
    // a lie about the size is damage, and costs no memory beyond the limit
    for (const lie of [1, 2 ** 31, 2 ** 32 - 1]) {
      const lying = Buffer.from(frame)
      const at = 5 + (lying[4] !== undefined && (lying[4] & 0x20) !== 0 ? 0 : 1)
      lying.writeUInt32LE(lie, at)
      expect(open(lying)).toBe(null)
    }
    expect(nodeLogCrypto.zstdDecompress(Buffer.from(frame), body.length - 1)).toBe(null)
    expect(
      Buffer.from(nodeLogCrypto.zstdDecompress(Buffer.from(frame), body.length) ?? []).equals(body),
    ).toBe(true)
  })
})
