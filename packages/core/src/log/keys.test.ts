import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { fromHex, toHex } from './bytes.ts'
import {
  deriveLogKeys,
  deriveOperatorKey,
  deriveReaderAddress,
  deriveReaderKey,
  deriveSourceKey,
  deriveVolumeKey,
} from './derive-keys.ts'
import { nodeLogCrypto as crypto } from './node-log-crypto.ts'
import { makePhrase, masterFromPhrase } from './recovery-phrase.ts'

const vectors = JSON.parse(
  readFileSync(fileURLToPath(new URL('../../vectors/log.json', import.meta.url)), 'utf8'),
)

describe('keys', () => {
  it('derive from the phrase exactly as the golden vectors say', () => {
    const v = vectors.keys
    const master = masterFromPhrase(v.phrase)
    expect(toHex(master)).toBe(v.master)
    const salt = fromHex(v.salt)
    const sourceKey = deriveSourceKey(crypto, master, salt)
    const keys = deriveLogKeys(crypto, salt, sourceKey)
    const { sourceKey: _, salt: __, ...rest } = keys
    expect(Object.fromEntries(Object.entries(rest).map(([name, key]) => [name, toHex(key)]))).toEqual({
      headerKey: v.headerKey,
      blobIdKey: v.blobIdKey,
      chunkerKey: v.chunkerKey,
      probeKey: v.probeKey,
    })
    expect(toHex(sourceKey)).toBe(v.sourceKey)
    expect(toHex(deriveVolumeKey(crypto, sourceKey, fromHex(v.volumeId), v.keyEpoch))).toBe(v.volumeKey)
    expect(deriveReaderKey(crypto, sourceKey)).toBe(v.readerKey)
    expect(deriveReaderAddress(crypto, sourceKey)).toBe(v.readerAddress)
    expect(deriveOperatorKey(crypto, master, fromHex(v.hostId))).toBe(v.operatorKey)
  })

  it('differ between salts, volumes and epochs', () => {
    const master = new Uint8Array(32).fill(7)
    const source = deriveSourceKey(crypto, master, new Uint8Array(32))
    const keys = [
      source,
      deriveSourceKey(crypto, master, new Uint8Array(32).fill(1)),
      deriveVolumeKey(crypto, source, new Uint8Array(16), 0),
      deriveVolumeKey(crypto, source, new Uint8Array(16), 1),
      deriveVolumeKey(crypto, source, new Uint8Array(16).fill(1), 0),
      ...Object.values(deriveLogKeys(crypto, new Uint8Array(32), source)).slice(2),
    ]
    expect(new Set(keys.map(toHex)).size).toBe(keys.length)
  })

  it('a phrase is 24 words, any case and spacing, and its mistakes are named without the words', () => {
    const phrase = makePhrase(crypto)
    expect(phrase.split(' ')).toHaveLength(24)
    expect(masterFromPhrase(`  ${phrase.toUpperCase().replaceAll(' ', '\n  ')} `)).toEqual(
      masterFromPhrase(phrase),
    )
    const words = phrase.split(' ')
    const failure = (text: string) => {
      try {
        masterFromPhrase(text)
      } catch (error) {
        return error as { code: string; message: string }
      }
      throw new Error('it did not fail')
    }
    expect(failure(words.slice(1).join(' '))).toMatchObject({ code: 'PHRASE_INVALID' })
    const secret = failure(['zzzsecret', ...words.slice(1)].join(' '))
    expect(secret.message).toContain('Word 1')
    expect(secret.message).not.toContain('zzzsecret')
    const swapped = words.includes('zoo') ? 'abandon' : 'zoo'
    const codes = Array.from({ length: 24 }, (_, i) => {
      try {
        masterFromPhrase(words.with(i, swapped).join(' '))
        return 'accepted'
      } catch (error) {
        return (error as { code: string }).code
      }
    })
    // the checksum has 8 bits: 24 substitutions may slip through now and then, not most of them
    expect(codes.filter((code) => code === 'PHRASE_INVALID').length).toBeGreaterThan(18)
  })
})
