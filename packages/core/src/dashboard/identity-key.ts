import { secp256k1 } from '@noble/curves/secp256k1.js'
import { hkdf } from '@noble/hashes/hkdf.js'
import { sha256 } from '@noble/hashes/sha2.js'

const LABEL = new TextEncoder().encode('dmc/1/identity')

/**
 * The key with which this host signs in to a dashboard (docs/PROTOCOL.md 1): like the operator key, under its own label, so that
 * neither signature can stand for the other: HKDF-SHA256(master, host id ‖ counter u8, `dmc/1/identity`).
 * @param master 32 bytes @param hostId 32 bytes
 * @returns the private key, 32 bytes.
 */
export function identityKey(master: Uint8Array, hostId: Uint8Array): Uint8Array {
  if (master.length !== 32 || hostId.length !== 32) throw new RangeError('master and host id have 32 bytes')
  for (let counter = 0; counter < 256; counter++) {
    const key = hkdf(sha256, master, Uint8Array.of(...hostId, counter), LABEL, 32)
    if (secp256k1.utils.isValidSecretKey(key)) return key
  }
  throw new Error('no valid scalar in 256 tries')
}
