import { DmcError } from '@dmc/core/errors/dmc-error'
import type { Hex } from 'viem'

/** Order of secp256k1: a private key is a number from 1 to this minus 1. */
const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n

/**
 * A private key as people keep it: 64 hex digits, with or without 0x.
 * @throws KEY_CORRUPT, never repeating what was given.
 */
export function parsePrivateKey(text: string): Hex {
  const digits = /^(?:0x)?([0-9a-fA-F]{64})$/.exec(text.trim())?.[1]?.toLowerCase()
  if (digits && BigInt(`0x${digits}`) > 0n && BigInt(`0x${digits}`) < ORDER) return `0x${digits}`
  throw new DmcError('KEY_CORRUPT', 'This is not a private key.', {
    hint: 'Give 64 hex digits (32 bytes), with or without 0x, and nothing else.',
  })
}
