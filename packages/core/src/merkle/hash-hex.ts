import type { Hex } from 'viem'
import { DmcError } from '../errors/dmc-error.ts'
import { HASH_SIZE } from './constants.ts'

const DIGITS = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

/** 32 bytes as 0x and 64 lower-case digits. */
export const hashToHex = (hash: Uint8Array): Hex => {
  let text = ''
  for (const byte of hash) text += DIGITS[byte]
  return `0x${text}`
}

/**
 * A hash given as bytes or as 0x and 64 digits, as bytes.
 *
 * @throws DmcError PROOF_INVALID when it is not 32 bytes
 */
export const hashBytes = (hash: Hex | Uint8Array): Uint8Array => {
  const wrong = (what: string) =>
    new DmcError('PROOF_INVALID', `${what} is not a hash of ${HASH_SIZE} bytes.`, {
      hint: 'Take the commitment from the chain again.',
    })
  if (typeof hash !== 'string') {
    if (hash.length !== HASH_SIZE) throw wrong(`A value of ${hash.length} bytes`)
    return hash
  }
  if (!/^0x[0-9a-fA-F]{64}$/.test(hash)) throw wrong(`A text of ${hash.length} characters`)
  return Uint8Array.from({ length: HASH_SIZE }, (_, i) =>
    Number.parseInt(hash.slice(2 + 2 * i, 4 + 2 * i), 16),
  )
}

/** True when two hashes hold the same bytes. Not secret: no constant time. */
export const sameHash = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((byte, i) => byte === b[i])
