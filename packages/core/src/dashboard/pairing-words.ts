import { sha256 } from '@noble/hashes/sha2.js'
import { wordlist } from '@scure/bip39/wordlists/english.js'
import { type Address, concatBytes, hexToBytes, stringToBytes } from 'viem'

/**
 * Two words that terminal and browser both show: from both public keys and the code, so that an approved host is the one at which
 * the person looks.
 */
export function pairingWords(of: { identity: Address; operator: Address; code: string }): string {
  const hash = sha256(
    concatBytes([
      stringToBytes('dmc/1/pairing-words'),
      hexToBytes(of.identity),
      hexToBytes(of.operator),
      stringToBytes(of.code),
    ]),
  )
  const pick = (at: number): string => wordlist[(((hash[at] ?? 0) << 8) | (hash[at + 1] ?? 0)) % 2048] ?? ''
  return `${pick(0)} ${pick(2)}`
}
