import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createNodeHasher } from '../merkle/node-hasher.ts'
import {
  BLOB_TYPE,
  blobId,
  blobIds,
  type HashMany,
  MAX_BLOB_BODY,
  openBlob,
  SEAL_OVERHEAD,
  sealBlob,
} from './blob.ts'
import { concatBytes, equalBytes, fromHex, toHex } from './bytes.ts'
import { deriveLogKeys, deriveSourceKey, deriveVolumeKey } from './derive-keys.ts'
import { openFooter, sealFooter } from './footer-leaf.ts'
import { authenticateHeader, decodeHeader, encodeHeader, LEAF, unlockHeader } from './header-leaf.ts'
import { nodeLogCrypto as crypto } from './node-log-crypto.ts'

const vectors = JSON.parse(
  readFileSync(fileURLToPath(new URL('../../vectors/log.json', import.meta.url)), 'utf8'),
)
const master = fromHex(vectors.keys.master)
const salt = fromHex(vectors.keys.salt)
const keys = deriveLogKeys(crypto, salt, deriveSourceKey(crypto, master, salt))
const volumeId = fromHex(vectors.keys.volumeId)
const volumeKey = deriveVolumeKey(crypto, keys.sourceKey, volumeId, vectors.keys.keyEpoch)
const codeOf = (work: () => unknown): string => {
  try {
    work()
    return 'accepted'
  } catch (error) {
    return (error as { code?: string }).code ?? String(error)
  }
}
const flip = (bytes: Uint8Array, at: number, bit = 0) => bytes.with(at, (bytes[at] as number) ^ (1 << bit))

describe('header leaf', () => {
  const leaf = fromHex(vectors.header.leaf)

  it('is byte for byte the golden vector, and reads back', () => {
    const header = authenticateHeader(crypto, keys.headerKey, leaf)
    expect(header).toMatchObject({
      keyEpoch: vectors.keys.keyEpoch,
      maxSize: vectors.header.maxSize,
      number: vectors.header.number,
      readerAddress: vectors.keys.readerAddress,
      compatibleFlags: 0,
    })
    expect(toHex(encodeHeader(crypto, keys.headerKey, header))).toBe(vectors.header.leaf)
    expect(unlockHeader(crypto, master, leaf).sourceKey).toEqual(keys.sourceKey)
  })

  it('every flipped byte is refused', () => {
    for (let at = 0; at < LEAF; at++) {
      const code = codeOf(() => unlockHeader(crypto, master, flip(leaf, at, at % 8)))
      expect(['LOG_CORRUPT', 'LOG_VERSION', 'PHRASE_WRONG'], `byte ${at}`).toContain(code)
    }
  })

  it('says what is wrong: another phrase, no header, a newer format', () => {
    expect(codeOf(() => unlockHeader(crypto, new Uint8Array(32).fill(1), leaf))).toBe('PHRASE_WRONG')
    expect(codeOf(() => decodeHeader(flip(leaf, 3)))).toBe('LOG_CORRUPT')
    expect(codeOf(() => decodeHeader(flip(leaf, 9)))).toBe('LOG_VERSION')
    expect(codeOf(() => decodeHeader(flip(leaf, 15)))).toBe('LOG_VERSION')
    expect(codeOf(() => decodeHeader(flip(leaf, 500)))).toBe('LOG_CORRUPT')
    expect(codeOf(() => decodeHeader(new Uint8Array(LEAF)))).toBe('LOG_CORRUPT')
    expect(codeOf(() => decodeHeader(leaf.subarray(1)))).toBe('LOG_CORRUPT')
    const withFlag = encodeHeader(crypto, keys.headerKey, {
      ...decodeHeader(leaf),
      compatibleFlags: 0x80000001,
    })
    expect(authenticateHeader(crypto, keys.headerKey, withFlag).compatibleFlags).toBe(0x80000001)
  })
})

describe('sealed blob', () => {
  const place = (body: Uint8Array) => ({
    type: BLOB_TYPE.content,
    volumeId,
    blobId: blobId(crypto, keys.blobIdKey, BLOB_TYPE.content, body),
  })

  it('opens the golden vectors: raw, zstd, catalog', () => {
    for (const v of vectors.blobs) {
      const at = v.at ? { at: v.at } : {}
      const body = openBlob(
        crypto,
        volumeKey,
        { type: v.type, volumeId, blobId: fromHex(v.blobId), ...at },
        fromHex(v.sealed),
      )
      expect(toHex(body)).toBe(v.body)
      expect(toHex(blobId(crypto, keys.blobIdKey, v.type, body))).toBe(v.blobId)
      const hashMany: HashMany = (prefix, bodies, out) =>
        bodies.forEach((one, i) => {
          out.set(createHash('sha256').update(prefix).update(one).digest(), 32 * i)
        })
      const together = blobIds(createNodeHasher().hashMany ?? hashMany, keys.blobIdKey, v.type, [
        new Uint8Array(5000),
        body,
      ])
      expect(together.map(toHex)[1]).toBe(v.blobId)
      expect(blobIds(hashMany, keys.blobIdKey, v.type, [new Uint8Array(5000), body])).toEqual(together)
    }
    expect(vectors.blobs).toHaveLength(3)
  })

  it('round trips any body; stored raw unless zstd saves 1/32', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 5000 }), fc.boolean(), (seed, repeat) => {
        const body = repeat ? concatBytes(seed, seed, seed, seed) : seed
        const sealed = sealBlob(crypto, volumeKey, place(body), body)
        expect(sealed.length).toBeLessThanOrEqual(body.length + SEAL_OVERHEAD)
        expect(equalBytes(openBlob(crypto, volumeKey, place(body), sealed), body)).toBe(true)
      }),
    )
    const zeros = new Uint8Array(MAX_BLOB_BODY)
    const sealed = sealBlob(crypto, volumeKey, place(zeros), zeros)
    expect(sealed.length).toBeLessThan(2000)
    expect(openBlob(crypto, volumeKey, place(zeros), sealed)).toHaveLength(MAX_BLOB_BODY)
    expect(() => sealBlob(crypto, volumeKey, place(zeros), new Uint8Array(MAX_BLOB_BODY + 1))).toThrow(
      RangeError,
    )
  })

  it('every flipped bit, every cut and every other place is refused', () => {
    const body = new TextEncoder().encode('a body that is not long')
    const sealed = sealBlob(crypto, volumeKey, place(body), body)
    for (let at = 0; at < sealed.length; at++) {
      expect(codeOf(() => openBlob(crypto, volumeKey, place(body), flip(sealed, at, at % 8)))).toBe(
        'LOG_CORRUPT',
      )
      expect(codeOf(() => openBlob(crypto, volumeKey, place(body), sealed.subarray(0, at)))).toBe(
        'LOG_CORRUPT',
      )
    }
    const wrong = [
      { ...place(body), type: BLOB_TYPE.node },
      { ...place(body), volumeId: flip(volumeId, 0) },
      { ...place(body), blobId: new Uint8Array(32) },
      { ...place(body), at: { offset: 0, generation: 1 } },
    ]
    for (const other of wrong)
      expect(codeOf(() => openBlob(crypto, volumeKey, other, sealed))).toBe('LOG_CORRUPT')
    expect(codeOf(() => openBlob(crypto, keys.blobIdKey, place(body), sealed))).toBe('LOG_CORRUPT')
  })

  it('a compressed bomb and an unknown codec are refused', () => {
    const packed = crypto.zstdCompress(new Uint8Array(MAX_BLOB_BODY + 1), 3)
    for (const [codec, bytes] of [
      [1, packed],
      [2, new Uint8Array(10)],
      [1, new Uint8Array(10)],
      [0, new Uint8Array(MAX_BLOB_BODY + 1)],
    ] as const) {
      const at = place(new Uint8Array(0))
      const sealed = new Uint8Array(bytes.length + SEAL_OVERHEAD)
      const nonce = crypto.randomBytes(12)
      sealed.set(nonce)
      const aad = concatBytes(Uint8Array.of(1, at.type), volumeId, at.blobId)
      crypto.sealGcm(volumeKey, nonce, aad, Uint8Array.of(codec), bytes, sealed, 12)
      expect(codeOf(() => openBlob(crypto, volumeKey, at, sealed))).toBe('LOG_CORRUPT')
    }
  })

  it('nonces are never handed out twice', () => {
    const seen = new Set(Array.from({ length: 5000 }, () => toHex(crypto.randomBytes(12))))
    expect(seen.size).toBe(5000)
  })
})

describe('footer leaf', () => {
  const footer = {
    generation: 3,
    catalogOffset: 4096,
    catalogStored: 777,
    catalogId: new Uint8Array(32).fill(9),
    previous: { volumeId, offset: 2048 },
  }

  it('opens the golden vector', () => {
    const v = vectors.footer
    expect(openFooter(crypto, volumeKey, volumeId, v.offset, fromHex(v.leaf))).toEqual({
      generation: v.generation,
      catalogOffset: v.catalogOffset,
      catalogStored: v.catalogStored,
      catalogId: fromHex(v.catalogId),
      previous: null,
    })
  })

  it('round trips, and opens nowhere else', () => {
    const leaf = sealFooter(crypto, volumeKey, volumeId, 8192, footer)
    expect(leaf).toHaveLength(LEAF)
    expect(openFooter(crypto, volumeKey, volumeId, 8192, leaf)).toEqual(footer)
    expect(codeOf(() => openFooter(crypto, volumeKey, volumeId, 9216, leaf))).toBe('LOG_CORRUPT')
    expect(codeOf(() => openFooter(crypto, volumeKey, flip(volumeId, 1), 8192, leaf))).toBe('LOG_CORRUPT')
    for (let at = 0; at < LEAF; at++) {
      expect(codeOf(() => openFooter(crypto, volumeKey, volumeId, 8192, flip(leaf, at, at % 8)))).toBe(
        'LOG_CORRUPT',
      )
    }
  })
})
