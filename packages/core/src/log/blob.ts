import { concatBytes, viewOf } from './bytes.ts'
import type { LogCrypto } from './log-crypto.ts'
import { logCorrupt } from './log-error.ts'

/** docs/PROTOCOL.md 2, "Sealed blob". */
export const BLOB_TYPE = { content: 1, node: 2, snapshot: 3, index: 4, catalog: 5, footer: 6 } as const
export type BlobType = (typeof BLOB_TYPE)[keyof typeof BLOB_TYPE]

/** Bytes of a body, decompressed. */
export const MAX_BLOB_BODY = 4 * 1024 * 1024
const NONCE = 12
const TAG = 16
/** Bytes that sealing adds to a body: nonce, codec byte, tag. */
export const SEAL_OVERHEAD = NONCE + 1 + TAG
const CODEC_RAW = 0
const CODEC_ZSTD = 1
/** Not part of the format: a reader takes what it finds. */
const ZSTD_LEVEL = 3
const SAMPLE = 64 * 1024

/** What a seal is bound to besides its key; a blob moved elsewhere does not open. */
export interface BlobPlace {
  type: BlobType
  /** 16 bytes. */
  volumeId: Uint8Array
  /** 32 bytes; zeros for a footer. */
  blobId: Uint8Array
  /** Catalog and footer only: where it lies, and its generation. */
  at?: { offset: number; generation: number }
}

/** HMAC-SHA256(blob-id key, type u8 ‖ decompressed body). */
export function blobId(
  crypto: LogCrypto,
  blobIdKey: Uint8Array,
  type: BlobType,
  body: Uint8Array,
): Uint8Array {
  return crypto.hmac(blobIdKey, Uint8Array.of(type), body)
}

/** SHA-256(prefix ‖ body) of several bodies at once, 32 bytes each, into `out`; see `Hasher.hashMany`. */
export type HashMany = (prefix: Uint8Array, bodies: readonly Uint8Array[], out: Uint8Array) => void

const HMAC_BLOCK = 64

/** `blobId` of several bodies: see `hmacMany`. */
export const blobIds = (
  hashMany: HashMany,
  blobIdKey: Uint8Array,
  type: BlobType,
  bodies: readonly Uint8Array[],
): Uint8Array[] => hmacMany(hashMany, blobIdKey, type, bodies)

/**
 * HMAC-SHA256(key, head u8 ‖ body) of several bodies, which is twice as fast as one by one where `hashMany` interleaves
 * them. HMAC is written out here (RFC 2104: H(K ^ opad ‖ H(K ^ ipad ‖ message))) because its inner hash is what is
 * interleaved.
 *
 * @param key at most 64 bytes
 * @param bodies as many as `hashMany` takes
 */
export function hmacMany(
  hashMany: HashMany,
  key: Uint8Array,
  head: number,
  bodies: readonly Uint8Array[],
): Uint8Array[] {
  if (key.length > HMAC_BLOCK) throw new RangeError(`a key of ${key.length} bytes is longer than a block`)
  const padded = (byte: number) => Uint8Array.from({ length: HMAC_BLOCK }, (_, i) => (key[i] ?? 0) ^ byte)
  const inner = new Uint8Array(32 * bodies.length)
  hashMany(concatBytes(padded(0x36), Uint8Array.of(head)), bodies, inner)
  const hashes = bodies.map((_, i) => inner.subarray(32 * i, 32 * i + 32))
  const codes = new Uint8Array(32 * bodies.length)
  hashMany(padded(0x5c), hashes, codes)
  return bodies.map((_, i) => codes.slice(32 * i, 32 * i + 32))
}

/** version ‖ type ‖ volume id ‖ blob id, and offset u64 ‖ generation u64 where a place is part of the meaning. */
export function blobAad({ type, volumeId, blobId: id, at }: BlobPlace): Uint8Array {
  const aad = concatBytes(Uint8Array.of(1, type), volumeId, id, new Uint8Array(at ? 16 : 0))
  if (at) {
    viewOf(aad).setBigUint64(50, BigInt(at.offset))
    viewOf(aad).setBigUint64(58, BigInt(at.generation))
  }
  return aad
}

/**
 * The body as it will be stored: zstd level 3, kept only when it saves at least 1/32. Level 1 would leave text 4 to 10 % larger for a
 * tenth to a third less work.
 * A large body is tried on 64 KiB from its middle first, so that what does not compress costs little.
 */
export function packBody(crypto: LogCrypto, body: Uint8Array): { codec: number; packed: Uint8Array } {
  const saves = (from: number, to: number) => to <= from - from / 32
  if (body.length >= 4 * SAMPLE) {
    const middle = body.length >> 1
    const sample = body.subarray(middle, middle + SAMPLE)
    if (!saves(SAMPLE, crypto.zstdSize(sample, ZSTD_LEVEL))) return { codec: CODEC_RAW, packed: body }
  }
  const compressed = body.length < 64 ? body : crypto.zstdCompress(body, ZSTD_LEVEL)
  return compressed !== body && saves(body.length, compressed.length)
    ? { codec: CODEC_ZSTD, packed: compressed }
    : { codec: CODEC_RAW, packed: body }
}

/** Seals a packed body into `out` at `at`: nonce ‖ ciphertext ‖ tag. Returns the stored length. */
export function sealBlobInto(
  crypto: LogCrypto,
  volumeKey: Uint8Array,
  place: BlobPlace,
  { codec, packed }: { codec: number; packed: Uint8Array },
  out: Uint8Array,
  at: number,
): number {
  const nonce = crypto.randomBytes(NONCE)
  out.set(nonce, at)
  crypto.sealGcm(volumeKey, nonce, blobAad(place), Uint8Array.of(codec), packed, out, at + NONCE)
  return packed.length + SEAL_OVERHEAD
}

/** Seals a body; the convenient form of `sealBlobInto`. */
export function sealBlob(
  crypto: LogCrypto,
  volumeKey: Uint8Array,
  place: BlobPlace,
  body: Uint8Array,
): Uint8Array {
  if (body.length > MAX_BLOB_BODY) throw new RangeError(`a blob of ${body.length} bytes exceeds 4 MiB`)
  const packed = packBody(crypto, body)
  const out = new Uint8Array(packed.packed.length + SEAL_OVERHEAD)
  sealBlobInto(crypto, volumeKey, place, packed, out, 0)
  return out
}

/** The decompressed body. The blob id is authenticated as part of the seal. @throws LOG_CORRUPT. */
export function openBlob(
  crypto: LogCrypto,
  volumeKey: Uint8Array,
  place: BlobPlace,
  sealed: Uint8Array,
): Uint8Array {
  const opened =
    sealed.length < SEAL_OVERHEAD
      ? null
      : crypto.openGcm(volumeKey, sealed.subarray(0, NONCE), blobAad(place), sealed.subarray(NONCE))
  if (!opened)
    throw logCorrupt(`A sealed blob (type ${place.type}, ${sealed.length} bytes) does not authenticate.`)
  const body = opened.subarray(1)
  if (opened[0] === CODEC_RAW) {
    if (body.length > MAX_BLOB_BODY) throw logCorrupt(`A blob of ${body.length} bytes exceeds 4 MiB.`)
    return body
  }
  if (opened[0] !== CODEC_ZSTD) throw logCorrupt(`A blob has the unknown codec ${opened[0]}.`)
  const plain = crypto.zstdDecompress(body, MAX_BLOB_BODY)
  if (!plain) throw logCorrupt('A compressed blob is damaged or larger than 4 MiB.')
  return plain
}
