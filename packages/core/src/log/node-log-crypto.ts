import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  hkdfSync,
  type KeyObject,
  randomFillSync,
  timingSafeEqual,
} from 'node:crypto'
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { forcedHasherTier } from '../merkle/hasher-tier.ts'
import type { LogCrypto } from './log-crypto.ts'
import { loadNativeGcm, type NativeGcm } from './node-native-gcm.ts'
import { zstdContentSize } from './zstd-content-size.ts'

/** Large bodies are encrypted in pieces of this size: the cipher's own output buffers then stay small and are reused. */
const PIECE = 256 * 1024
const WORD = 8
/** Bytes from here to the next word of memory. */
const wordAfter = (at: number): number => (WORD - (at % WORD)) % WORD
const NONCE_POOL = Buffer.allocUnsafe(12 * 1024)
let nonceAt = NONCE_POOL.length

/** Prepared keys, as long as the arrays that they came from live; those are never written to. */
const prepared = new WeakMap<Uint8Array, KeyObject>()

function prepare(key: Uint8Array): KeyObject {
  let object = prepared.get(key)
  if (!object) {
    object = createSecretKey(key)
    prepared.set(key, object)
  }
  return object
}

/** Never a Buffer: its `slice` and its equality differ from those of other byte arrays. */
const asBytes = (buffer: Buffer): Uint8Array =>
  new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length)

/** Smaller bytes may share their memory with others. */
const SURELY_OWN = 64 * 1024

/** Of what the cipher gave, less the codec byte before it: nobody else has its memory. */
function giveUp(data: Uint8Array): void {
  const { buffer, byteOffset, length } = data
  if (length >= SURELY_OWN && byteOffset <= 1 && buffer instanceof ArrayBuffer) {
    if (buffer.byteLength === byteOffset + length) buffer.transfer(0)
  }
}

const compress = (data: Uint8Array, level: number): Buffer<ArrayBuffer> =>
  zstdCompressSync(data, {
    params: { [constants.ZSTD_c_compressionLevel]: level },
    chunkSize: Math.max(1024, data.length + (data.length >> 7) + 512),
  })

let loaded: NativeGcm | null | undefined

/** The accelerator's, if it works here and the portable tier is not asked for; tested once in each thread. */
function nativeGcm(): NativeGcm | null {
  if (forcedHasherTier() === 'portable') return null
  if (loaded === undefined) loaded = loadNativeGcm()
  return loaded
}

/** Whether this thread seals and opens by the accelerator; the bytes are the same. */
export const sealsNatively = (): boolean => nativeGcm() !== null

/** The log's port over node:crypto and node:zlib (Node >= 22.15 for zstd), and the accelerator's cipher where there is one. */
export const nodeLogCrypto: LogCrypto = {
  randomBytes(length) {
    // one call of the generator for a thousand nonces; each byte is handed out once
    if (length !== 12) return randomFillSync(new Uint8Array(length))
    if (nonceAt === NONCE_POOL.length) {
      randomFillSync(NONCE_POOL)
      nonceAt = 0
    }
    nonceAt += 12
    return new Uint8Array(NONCE_POOL.subarray(nonceAt - 12, nonceAt))
  },
  hkdf: (ikm, salt, info) => new Uint8Array(hkdfSync('sha256', ikm, salt, info, 32)),
  hmac(key, ...parts) {
    const hmac = createHmac('sha256', prepare(key))
    for (const part of parts) hmac.update(part)
    return asBytes(hmac.digest())
  },
  equal: (a, b) => a.length === b.length && timingSafeEqual(a, b),
  sealGcm(key, nonce, aad, head, body, out, at) {
    const native = nativeGcm()
    if (native) {
      const sealed = out.subarray(at, at + head.length + body.length + 16)
      native.sealGcm(key, nonce, aad, head, body, sealed)
      return
    }
    const cipher = createCipheriv('aes-256-gcm', prepare(key), nonce, { authTagLength: 16 })
    cipher.setAAD(aad)
    out.set(cipher.update(head), at)
    let end = at + head.length
    // bytes enter memory that threads share one by one, unless both places lie in the same way to words: three times as slow
    const first = wordAfter(out.byteOffset + end)
    for (let from = 0; from < body.length; ) {
      const length = from === 0 && first > 0 ? first : PIECE
      const piece = cipher.update(body.subarray(from, from + length))
      out.set(piece, end)
      end += piece.length
      from += length
      piece.buffer.transfer(0) // given back at once: the next piece then lands in the same, warm memory
    }
    cipher.final()
    out.set(cipher.getAuthTag(), end)
  },
  openGcm(key, nonce, aad, sealed) {
    if (sealed.length < 16) return null
    const native = nativeGcm()
    if (native) {
      const plain = asBytes(Buffer.allocUnsafeSlow(sealed.length - 16))
      return native.openGcm(key, nonce, aad, sealed, plain) ? plain : null
    }
    const decipher = createDecipheriv('aes-256-gcm', prepare(key), nonce, { authTagLength: 16 })
    decipher.setAAD(aad)
    decipher.setAuthTag(sealed.subarray(sealed.length - 16))
    const plain = decipher.update(sealed.subarray(0, sealed.length - 16))
    try {
      decipher.final()
    } catch {
      return null
    }
    return asBytes(plain)
  },
  zstdCompress: (data, level) => asBytes(compress(data, level)),
  zstdSize(data, level) {
    const packed = compress(data, level)
    const { length, buffer } = packed
    // one for each blob: left to the garbage collector they would be 20 MiB before it comes by
    if (buffer.byteLength > Buffer.poolSize) buffer.transfer(0)
    return length
  },
  zstdDecompress(data, maxLength) {
    // room for all of it at once: pieces would be copied together and left to the garbage collector
    const told = zstdContentSize(data) ?? 256 * 1024
    const chunkSize = Math.max(64, Math.min(told, maxLength) + 1)
    try {
      return asBytes(zstdDecompressSync(data, { maxOutputLength: maxLength, chunkSize }))
    } catch {
      return null
    } finally {
      giveUp(data)
    }
  },
}
