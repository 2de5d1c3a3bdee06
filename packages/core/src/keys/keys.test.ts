import { hkdfSync } from 'node:crypto'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DmcError } from '../errors/dmc-error.ts'
import { operatorKey } from './operator-key.ts'
import { entropyToPhrase, phraseToEntropy } from './phrase.ts'

const bytes = () => fc.uint8Array({ minLength: 32, maxLength: 32 })

function codeAndMessage(work: () => unknown): [string, string] {
  try {
    work()
  } catch (error) {
    if (DmcError.is(error)) return [error.code, error.message]
    throw error
  }
  throw new Error('nothing was thrown')
}

describe('recovery phrase', () => {
  it('is BIP-39', () => {
    const phrase = entropyToPhrase(new Uint8Array(32))
    expect(phrase).toBe(`${'abandon '.repeat(23)}art`)
    expect(entropyToPhrase(new Uint8Array(32).fill(255))).toBe(`${'zoo '.repeat(23)}vote`)
  })

  it('gives the same master back, whatever the case and the spaces', () => {
    fc.assert(
      fc.property(bytes(), (master) => {
        const phrase = entropyToPhrase(master)
        expect(phrase.split(' ')).toHaveLength(24)
        expect(phraseToEntropy(phrase)).toEqual(master)
        expect(phraseToEntropy(`  ${phrase.toUpperCase().replaceAll(' ', '\n\t ')}\n`)).toEqual(master)
      }),
      { numRuns: 30 },
    )
  })

  it('says what is wrong without repeating a word', () => {
    const good = entropyToPhrase(new Uint8Array(32).fill(7)).split(' ')
    const swapped = [good[1], good[0], ...good.slice(2)].join(' ')
    const typo = [...good.slice(0, 4), 'secretword', ...good.slice(5)].join(' ')
    expect(codeAndMessage(() => phraseToEntropy('zoo zoo'))).toEqual([
      'PHRASE_INVALID',
      'The recovery phrase has 2 words; it must have 24.',
    ])
    expect(codeAndMessage(() => phraseToEntropy(typo))).toEqual([
      'PHRASE_INVALID',
      'Word 5 is not in the list of recovery words.',
    ])
    expect(codeAndMessage(() => phraseToEntropy(`${'zoo '.repeat(23)}zoo`))[1]).toContain('does not check')
    if (good[0] !== good[1]) expect(codeAndMessage(() => phraseToEntropy(swapped))[0]).toBe('PHRASE_INVALID')
  })
})

describe('operator key', () => {
  it('is the HKDF of the protocol', () => {
    fc.assert(
      fc.property(bytes(), bytes(), (master, hostId) => {
        const expected = hkdfSync('sha256', master, Uint8Array.of(...hostId, 0), 'dmc/1/operator', 32)
        expect(Buffer.from(operatorKey(master, hostId)).toString('hex')).toBe(
          Buffer.from(expected).toString('hex'),
        )
      }),
      { numRuns: 30 },
    )
  })

  it('differs between hosts', () => {
    const master = new Uint8Array(32).fill(1)
    expect(operatorKey(master, new Uint8Array(32))).not.toEqual(
      operatorKey(master, new Uint8Array(32).fill(1)),
    )
  })
})
