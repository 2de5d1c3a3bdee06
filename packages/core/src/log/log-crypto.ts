/**
 * What the log needs from a machine: randomness, HKDF, HMAC, AES-256-GCM, zstd. A port, so that core stays pure;
 * `node-log-crypto.ts` is the implementation over node:crypto and node:zlib.
 */
export interface LogCrypto {
  randomBytes(length: number): Uint8Array
  /** HKDF-SHA256 (RFC 5869), 32 bytes. */
  hkdf(ikm: Uint8Array, salt: Uint8Array, info: string): Uint8Array
  /** HMAC-SHA256 of the parts' concatenation, 32 bytes. */
  hmac(key: Uint8Array, ...parts: Uint8Array[]): Uint8Array
  /** Equal in constant time; false when the lengths differ. */
  equal(a: Uint8Array, b: Uint8Array): boolean
  /**
   * AES-256-GCM of `head ‖ body` straight into `out` at `at`: ciphertext, then the 16-byte tag.
   * Writes head.length + body.length + 16 bytes. `body` may lie exactly where its ciphertext goes, or elsewhere.
   */
  sealGcm(
    key: Uint8Array,
    nonce: Uint8Array,
    aad: Uint8Array,
    head: Uint8Array,
    body: Uint8Array,
    out: Uint8Array,
    at: number,
  ): void
  /** The plaintext of `ciphertext ‖ tag`, or null when it does not authenticate. */
  openGcm(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, sealed: Uint8Array): Uint8Array | null
  /** Into memory of its own. */
  zstdCompress(data: Uint8Array, level: number): Uint8Array
  /** How long `zstdCompress` would be; nothing of it is left in memory. */
  zstdSize(data: Uint8Array, level: number): number
  /**
   * null when the data is damaged or would exceed `maxLength` bytes. `data` is given up: where it is alone in its memory, that is
   * freed at once.
   */
  zstdDecompress(data: Uint8Array, maxLength: number): Uint8Array | null
}
