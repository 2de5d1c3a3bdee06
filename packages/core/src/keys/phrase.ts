import { entropyToMnemonic, mnemonicToEntropy } from '@scure/bip39'
import { wordlist } from '@scure/bip39/wordlists/english.js'
import { DmcError } from '../errors/dmc-error.ts'

const WORDS = new Set(wordlist)

/** 32 bytes of entropy (the master) as the 24 words of BIP-39, English list (docs/PROTOCOL.md 1). */
export function entropyToPhrase(master: Uint8Array): string {
  if (master.length !== 32) throw new RangeError(`the master has 32 bytes, got ${master.length}`)
  return entropyToMnemonic(master, wordlist)
}

/**
 * The master from 24 words in any case, separated by any white space.
 * @throws PHRASE_INVALID saying which part is wrong, by position: never repeating the words.
 */
export function phraseToEntropy(text: string): Uint8Array {
  const words = text
    .normalize('NFKD')
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '')
  if (words.length !== 24) {
    throw invalid(`The recovery phrase has ${words.length} words; it must have 24.`)
  }
  const unknown = words.flatMap((word, index) => (WORDS.has(word) ? [] : [index + 1]))
  if (unknown.length > 0) {
    const which = unknown.length === 1 ? `Word ${unknown[0]} is` : `Words ${unknown.join(', ')} are`
    throw invalid(`${which} not in the list of recovery words.`)
  }
  try {
    return Uint8Array.from(mnemonicToEntropy(words.join(' '), wordlist))
  } catch {
    throw invalid('The recovery phrase does not check: a word is wrong or two are in the wrong order.')
  }
}

function invalid(message: string): DmcError {
  return new DmcError('PHRASE_INVALID', message, {
    hint: 'Compare with the 24 words you wrote down, in their order.',
  })
}
