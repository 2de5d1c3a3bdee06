import { type Hex, sha256 as portableSha256 } from 'viem'

export interface LeafAnswer {
  index: bigint
  /** 1,024 bytes. */
  leaf: Uint8Array
  /** Siblings from the leaf's up: depth of 32 bytes. */
  path: readonly Uint8Array[]
}

export interface ProbeAnswer {
  offset: bigint
  length: bigint
  /** 32 bytes. */
  key: Uint8Array
  /** HMAC-SHA256(key, data): 32 bytes. */
  hmac: Uint8Array
}

const u64 = (value: bigint): Uint8Array => {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setBigUint64(0, value)
  return bytes
}

/** SHA-256; a host may have a faster one than this. */
export type Sha256 = (data: Uint8Array) => Hex

const hashOf = (sha256: Sha256, parts: readonly Uint8Array[]): Hex => {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    joined.set(part, at)
    at += part.length
  }
  return sha256(joined)
}

/** SHA-256 over, for each answer in the order asked: index u64 ‖ leaf ‖ path (docs/PROTOCOL.md 4). */
export const leafAnswersHash = (answers: readonly LeafAnswer[], sha256: Sha256 = portableSha256): Hex =>
  hashOf(
    sha256,
    answers.flatMap(({ index, leaf, path }) => [u64(index), leaf, ...path]),
  )

/** SHA-256 over offset u64 ‖ length u64 ‖ key ‖ hmac (docs/PROTOCOL.md 4). */
export const probeAnswerHash = ({ offset, length, key, hmac }: ProbeAnswer): Hex =>
  hashOf(portableSha256, [u64(offset), u64(length), key, hmac])
