import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { bytesToHex, getAddress } from 'viem'
import { privateKeyToAddress } from 'viem/accounts'
import { describe, expect, it } from 'vitest'
import { operatorKey } from '../keys/operator-key.ts'
import { phraseToEntropy } from '../keys/phrase.ts'
import { fromHex, toHex } from './bytes.ts'
import {
  deriveLogKeys,
  deriveReaderAddress,
  deriveReaderKey,
  deriveSourceKey,
  deriveVolumeKey,
} from './derive-keys.ts'
import { addressOfKey, toAddress } from './key-address.ts'
import { nodeLogCrypto as crypto } from './node-log-crypto.ts'

const vectors = JSON.parse(
  readFileSync(fileURLToPath(new URL('../../vectors/log.json', import.meta.url)), 'utf8'),
)

describe('keys', () => {
  it('derive from the phrase exactly as the golden vectors say', () => {
    const v = vectors.keys
    const master = phraseToEntropy(v.phrase)
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
    expect(`0x${toHex(operatorKey(master, fromHex(v.hostId)))}`).toBe(v.operatorKey)
  })

  it('addresses are those that every wallet computes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 20, maxLength: 20 }), (bytes) => {
        expect(toAddress(bytes)).toBe(getAddress(bytesToHex(bytes)))
      }),
    )
    const key = new Uint8Array(32).fill(0x11)
    expect(addressOfKey(key)).toBe(privateKeyToAddress(bytesToHex(key)))
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
})
