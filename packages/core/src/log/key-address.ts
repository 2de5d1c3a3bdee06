import { secp256k1 } from '@noble/curves/secp256k1.js'
import { keccak_256 } from '@noble/hashes/sha3.js'
import type { Address } from 'viem'
import { toHex } from './bytes.ts'

// Written out because the encode worker would otherwise load all of viem for these two functions.

/** 20 bytes as an address with its checksum (EIP-55). */
export function toAddress(bytes: Uint8Array): Address {
  const hex = toHex(bytes)
  const hash = keccak_256(new TextEncoder().encode(hex))
  let text = ''
  for (let i = 0; i < hex.length; i++) {
    const nibble = ((hash[i >> 1] as number) >> (i % 2 === 0 ? 4 : 0)) & 15
    text += nibble >= 8 ? (hex[i] as string).toUpperCase() : (hex[i] as string)
  }
  return `0x${text}`
}

/** The address of a secp256k1 private key: the last 20 bytes of the public key's keccak-256. */
export function addressOfKey(privateKey: Uint8Array): Address {
  return toAddress(keccak_256(secp256k1.getPublicKey(privateKey, false).subarray(1)).subarray(12))
}
