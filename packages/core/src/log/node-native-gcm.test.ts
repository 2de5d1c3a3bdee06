import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { afterEach, describe, expect, it } from 'vitest'
import { forceHasherTier } from '../merkle/hasher-tier.ts'
import { ADDON_TARGET, requireAddon } from '../merkle/node-addon.ts'
import { nodeLogCrypto } from './node-log-crypto.ts'
import { loadNativeGcm, type NativeGcm } from './node-native-gcm.ts'

const here = existsSync(new URL(`../../../native/prebuilt/${ADDON_TARGET}.node`, import.meta.url))

describe.skipIf(!here)('the accelerator’s cipher', () => {
  const real = (here ? requireAddon() : null) as NativeGcm

  it('is taken when it agrees with node:crypto', () => {
    expect(loadNativeGcm()).not.toBeNull()
  })

  it.each<[string, () => unknown]>([
    [
      'is absent',
      () => {
        throw new Error('Cannot find module')
      },
    ],
    ['is an older one without it', () => ({ hashLeaves() {} })],
    ['is nothing', () => null],
    [
      'gives a wrong byte',
      () => ({
        ...real,
        sealGcm: (...args: Parameters<NativeGcm['sealGcm']>) => {
          real.sealGcm(...args)
          if (args[4].length > 100) args[5][50] = (args[5][50] as number) ^ 1
        },
      }),
    ],
    [
      'gives a wrong byte where the body lies in its place',
      () => ({
        ...real,
        sealGcm: (...args: Parameters<NativeGcm['sealGcm']>) => {
          const inPlace = args[4].buffer === args[5].buffer && args[4].byteOffset >= args[5].byteOffset
          real.sealGcm(...args)
          if (inPlace && args[4].length > 100) args[5][70] = (args[5][70] as number) ^ 1
        },
      }),
    ],
    [
      'writes beside its place',
      () => ({
        ...real,
        sealGcm: (...args: Parameters<NativeGcm['sealGcm']>) => {
          real.sealGcm(...args)
          new Uint8Array(args[5].buffer, args[5].byteOffset - 1, 1)[0] =
            1 + (new Uint8Array(args[5].buffer, args[5].byteOffset - 1, 1)[0] as number)
        },
      }),
    ],
    [
      'opens what was changed',
      () => ({
        ...real,
        openGcm: (...args: Parameters<NativeGcm['openGcm']>) => {
          real.openGcm(...args)
          return true
        },
      }),
    ],
    [
      'shows what does not authenticate',
      () => ({
        ...real,
        openGcm: (...args: Parameters<NativeGcm['openGcm']>) => {
          const opened = real.openGcm(...args)
          if (!opened && args[4].length > 0) args[4][0] = 7
          return opened
        },
      }),
    ],
    ['does not open what is whole', () => ({ ...real, openGcm: () => false })],
  ])('is left alone when it %s', (_, load) => {
    expect(loadNativeGcm(load)).toBeNull()
  })
})

describe('the log’s cipher', () => {
  afterEach(() => forceHasherTier(null))

  it('gives the same bytes in both tiers, into memory of any kind and place, and opens what the other sealed', () => {
    for (const size of [0, 1, 15, 16, 17, 1000, 65_536, 262_144, 1_000_003]) {
      const [key, nonce, aad, head] = [32, 12, 50, 1].map((length) => new Uint8Array(randomBytes(length)))
      if (!key || !nonce || !aad || !head) throw new Error('nothing to seal with')
      const body = new Uint8Array(new SharedArrayBuffer(size + 5)).subarray(5)
      body.set(randomBytes(size))
      const length = head.length + size + 16
      const sealed = (['native', 'portable'] as const).map((tier, i) => {
        // where there is no accelerator both are the portable one
        forceHasherTier(tier === 'portable' ? tier : null)
        const memory = i === 0 ? new SharedArrayBuffer(length + 9) : new ArrayBuffer(length + 9)
        const out = new Uint8Array(memory, 1)
        nodeLogCrypto.sealGcm(key, nonce, aad, head, body, out, 3)
        expect([...out.subarray(0, 3), ...out.subarray(3 + length)], 'bytes beside it').toEqual(
          Array(8).fill(0),
        )
        return Uint8Array.from(out.subarray(3, 3 + length))
      })
      expect(sealed[0]).toEqual(sealed[1])
      for (const tier of [null, 'portable'] as const) {
        forceHasherTier(tier)
        const memory = new Uint8Array(new SharedArrayBuffer(length + 9)).subarray(5)
        memory.set(body, 3 + head.length)
        const place = memory.subarray(3 + head.length, 3 + head.length + size)
        nodeLogCrypto.sealGcm(key, nonce, aad, head, place, memory, 3)
        expect(Uint8Array.from(memory.subarray(3, 3 + length)), 'in place').toEqual(sealed[0])
      }
      for (const tier of [null, 'portable'] as const) {
        forceHasherTier(tier)
        const whole = sealed[0] as Uint8Array
        const plain = nodeLogCrypto.openGcm(key, nonce, aad, whole)
        expect(plain?.length).toBe(size + 1)
        expect(Buffer.from(plain as Uint8Array).equals(Buffer.concat([head, body]))).toBe(true)
        const changed = Uint8Array.from(whole)
        changed[size >> 1] = (changed[size >> 1] as number) ^ 1
        expect(nodeLogCrypto.openGcm(key, nonce, aad, changed)).toBeNull()
        expect(nodeLogCrypto.openGcm(key, nonce, aad.subarray(1), whole)).toBeNull()
        expect(nodeLogCrypto.openGcm(key, nonce, aad, whole.subarray(0, 15))).toBeNull()
      }
    }
  })
})
