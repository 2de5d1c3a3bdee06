import { entropyToMnemonic, mnemonicToEntropy } from '@scure/bip39'
import { wordlist } from '@scure/bip39/wordlists/english.js'
import { DmcError } from '../errors/dmc-error.ts'
import type { LogCrypto } from './log-crypto.ts'

const WORDS = 24

/** A new recovery phrase: 24 BIP-39 words of 32 random bytes. Shown to its owner once. */
export function makePhrase(crypto: LogCrypto): string {
  return entropyToMnemonic(crypto.randomBytes(32), wordlist)
}

/**
 * The master key: the phrase's 32 bytes of entropy (docs/PROTOCOL.md 1; no PBKDF2, no wallet path).
 * Case and white space do not matter. @throws PHRASE_INVALID, naming the first wrong word's place, never the word.
 */
export function masterFromPhrase(phrase: string): Uint8Array {
  const words = phrase.normalize('NFKD').trim().toLowerCase().split(/\s+/)
  const refuse = (message: string) =>
    new DmcError('PHRASE_INVALID', message, {
      hint: 'Type the 24 words in the order in which they were shown, separated by spaces.',
    })
  if (words.length !== WORDS) throw refuse(`A recovery phrase has 24 words; this one has ${words.length}.`)
  const wrong = words.findIndex((word) => !wordlist.includes(word))
  if (wrong !== -1) throw refuse(`Word ${wrong + 1} of the recovery phrase is not in the BIP-39 word list.`)
  try {
    return mnemonicToEntropy(words.join(' '), wordlist)
  } catch {
    throw refuse('The checksum of the recovery phrase is wrong: a word is mistaken or out of place.')
  }
}
