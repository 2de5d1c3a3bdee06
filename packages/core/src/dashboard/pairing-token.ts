import { type Address, bytesToHex, getAddress, hexToBytes } from 'viem'

const PREFIX = 'dmc1_'

/**
 * A one-time token for a host without a person: whose it is (20 bytes) and a secret (24 bytes), base64url. The wallet stands in the
 * token, so no dashboard can put another in its place.
 */
export function printPairingToken(owner: Address, secret: Uint8Array): string {
  if (secret.length !== 24) throw new RangeError('the secret has 24 bytes')
  const bytes = Uint8Array.of(...hexToBytes(owner), ...secret)
  return `${PREFIX}${btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '')}`
}

/** Owner and secret of a token, or null when it is none. */
export function readPairingToken(text: string): { owner: Address; secret: Uint8Array } | null {
  const match = /^dmc1_([A-Za-z0-9_-]{59})$/.exec(text.trim())
  if (!match?.[1]) return null
  const binary = atob(match[1].replaceAll('-', '+').replaceAll('_', '/'))
  const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0))
  if (bytes.length !== 44) return null
  return { owner: getAddress(bytesToHex(bytes.subarray(0, 20))), secret: bytes.slice(20) }
}
