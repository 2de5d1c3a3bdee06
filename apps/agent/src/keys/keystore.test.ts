import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DmcError } from '@dmc/core/errors/dmc-error'
import { operatorKey } from '@dmc/core/keys/operator-key'
import { bytesToHex } from 'viem'
import { mnemonicToAccount, privateKeyToAddress } from 'viem/accounts'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { FAST_N, STRONG_N } from './derive-password-key.ts'
import { changePassword, createKeystore, storeWallet, unlockKeystore } from './keystore.ts'
import { printKeystore, readKeystore } from './keystore-file.ts'
import { parsePrivateKey } from './parse-private-key.ts'
import { isPublishedKey, refuseDevnetKey } from './refuse-devnet-key.ts'
import { scryptCost } from './scrypt-cost.ts'

const PASSWORD = 'correct horse battery staple'
const MASTER = new Uint8Array(32).fill(7)
const KEY = `0x${'12'.repeat(32)}` as const
let folder = ''
let file = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dmc-keys-'))
  file = join(folder, 'data', 'keystore.json')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const create = () => createKeystore(file, { password: PASSWORD, master: MASTER, n: FAST_N })

async function code(work: () => unknown): Promise<string> {
  try {
    await work()
  } catch (error) {
    if (DmcError.is(error)) return error.code
    throw error
  }
  return 'nothing was thrown'
}

describe('keystore', () => {
  it('gives back the master and the operator of the protocol, with a new host id each time', async () => {
    const made = await create()
    const opened = await unlockKeystore(file, PASSWORD)
    expect(opened).toEqual({ ...made, hostId: Buffer.from(made.hostId), master: Buffer.from(MASTER) })
    expect(opened.operator.privateKey).toBe(bytesToHex(operatorKey(MASTER, made.hostId)))
    rmSync(file)
    expect((await create()).operator.address).not.toBe(made.operator.address)
  })

  it('is for its owner only, and never replaces another', async () => {
    await create()
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(statSync(join(folder, 'data')).mode & 0o777).toBe(0o700)
    const before = readFileSync(file, 'utf8')
    expect(await code(create)).toBe('ALREADY_INITIALISED')
    expect(readFileSync(file, 'utf8')).toBe(before)
  })

  it('keeps no secret in plain', async () => {
    const { master, operator } = await create()
    await storeWallet(file, PASSWORD, KEY)
    const text = readFileSync(file, 'utf8')
    for (const secret of [bytesToHex(master), operator.privateKey, KEY]) {
      expect(text).not.toContain(secret.slice(2))
    }
    expect(text).not.toContain(PASSWORD)
  })

  it('tells a wrong password, without a stack for people', async () => {
    await create()
    const error = await unlockKeystore(file, 'wrong').catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'KEY_PASSWORD_WRONG', exitCode: 5 })
    expect(String((error as Error).message)).not.toContain('wrong')
  })

  it('takes the same password in another Unicode form', async () => {
    await createKeystore(file, { password: 'Gr\u00fc\u00dfe 12', master: MASTER, n: FAST_N })
    expect((await unlockKeystore(file, 'Gru\u0308\u00dfe 12')).master).toEqual(Buffer.from(MASTER))
  })

  it('refuses a file that others can read or write, showing its mode', async () => {
    await create()
    for (const mode of [0o644, 0o640, 0o604, 0o620, 0o602]) {
      chmodSync(file, mode)
      const error = await unlockKeystore(file, PASSWORD).catch((thrown: unknown) => thrown)
      expect(error).toMatchObject({
        code: 'KEY_PERMISSIONS',
        hint: expect.stringMatching(`^Run: chmod 600 ${file}\\. If its mode stays`),
      })
      expect((error as Error).message).toContain(mode.toString(8).padStart(4, '0'))
    }
    chmodSync(file, 0o400)
    expect((await unlockKeystore(file, PASSWORD)).wallet).toBeNull()
  })

  it('is missing when it is missing', async () => {
    expect(await code(() => unlockKeystore(file, PASSWORD))).toBe('KEY_MISSING')
  })

  it('notices every damaged byte, and never mistakes damage for another key', async () => {
    await create()
    await storeWallet(file, PASSWORD, KEY)
    const good = readFileSync(file)
    const seen = new Set<string>()
    for (let at = 0; at < good.length; at += 3) {
      const bad = Buffer.from(good)
      bad[at] = (bad[at] ?? 0) ^ 1
      writeFileSync(file, bad)
      const result = await code(() => unlockKeystore(file, PASSWORD))
      if (result !== 'KEY_CORRUPT') expect(JSON.parse(String(bad))).toEqual(JSON.parse(String(good)))
      seen.add(result)
    }
    expect(seen).toContain('KEY_CORRUPT')
    for (const text of ['', '{}', '[]', 'null', '{"format":"dmc-keystore","version":2}']) {
      writeFileSync(file, text)
      expect(await code(() => readKeystore(file))).toBe('KEY_CORRUPT')
    }
  })

  it('binds each secret to its place: entries cannot be swapped, nor the host id changed', async () => {
    await create()
    await storeWallet(file, PASSWORD, KEY)
    const { checksum: _checksum, ...keystore } = readKeystore(file)
    const { phrase, wallet } = keystore.entries
    if (!wallet) throw new Error('no wallet entry')
    for (const changed of [
      { ...keystore, entries: { phrase: wallet, wallet: phrase } },
      { ...keystore, entries: { phrase, wallet: phrase } },
      { ...keystore, hostId: '00'.repeat(32) },
      { ...keystore, wallet: keystore.operator },
    ]) {
      writeFileSync(file, printKeystore(changed))
      expect(await code(() => unlockKeystore(file, PASSWORD))).toBe('KEY_CORRUPT')
    }
  })

  it('does not let a file ask for a gigantic key derivation', async () => {
    await create()
    const { checksum: _checksum, ...keystore } = readKeystore(file)
    for (const kdf of [{ n: 1 << 24 }, { n: 1000 }, { p: 100 }]) {
      const huge = { ...keystore, kdf: { ...keystore.kdf, ...kdf } }
      writeFileSync(file, printKeystore(huge))
      expect(await code(() => unlockKeystore(file, PASSWORD))).toBe('KEY_CORRUPT')
    }
  })

  it('keeps the wallet beside the phrase', async () => {
    const { operator } = await create()
    expect(await code(() => storeWallet(file, 'wrong', KEY))).toBe('KEY_PASSWORD_WRONG')
    await storeWallet(file, PASSWORD, KEY)
    expect(readKeystore(file).wallet).toBe(privateKeyToAddress(KEY))
    const opened = await unlockKeystore(file, PASSWORD)
    expect(opened.wallet).toEqual({ address: privateKeyToAddress(KEY), privateKey: KEY })
    expect(opened.operator).toEqual(operator)
    expect(statSync(file).mode & 0o777).toBe(0o600)
  })

  it('takes another password', async () => {
    await create()
    await storeWallet(file, PASSWORD, KEY)
    const before = await unlockKeystore(file, PASSWORD)
    await changePassword(file, { from: PASSWORD, to: 'the new one', n: FAST_N * 2 })
    expect(await code(() => unlockKeystore(file, PASSWORD))).toBe('KEY_PASSWORD_WRONG')
    expect(await unlockKeystore(file, 'the new one')).toEqual(before)
  })

  it('is stretched for real where it matters', async () => {
    expect(STRONG_N).toBeGreaterThanOrEqual(2 ** 17)
    await createKeystore(file, { password: PASSWORD, master: MASTER, n: STRONG_N })
    expect(readKeystore(file).kdf.n).toBe(STRONG_N)
    expect((await unlockKeystore(file, PASSWORD)).master).toEqual(Buffer.from(MASTER))
  })
})

describe('scryptCost', () => {
  it('is fast only when asked for, and only on a devnet', async () => {
    expect(scryptCost({ fastScrypt: false }, 31337)).toBe(STRONG_N)
    expect(scryptCost({ fastScrypt: true }, 31337)).toBe(FAST_N)
    expect(scryptCost({ fastScrypt: true }, 1337)).toBe(FAST_N)
    for (const chainId of [1, 137, undefined]) {
      expect(await code(() => scryptCost({ fastScrypt: true }, chainId))).toBe('ENV_INVALID')
    }
  })
})

describe('test accounts', () => {
  it('are refused but on a devnet', async () => {
    for (let addressIndex = 0; addressIndex < 20; addressIndex++) {
      const { address } = mnemonicToAccount(`${'test '.repeat(11)}junk`, { addressIndex })
      expect(isPublishedKey(address)).toBe(true)
      expect(await code(() => refuseDevnetKey(address, 1))).toBe('DEVNET_KEY_REFUSED')
      expect(await code(() => refuseDevnetKey(address, undefined))).toBe('DEVNET_KEY_REFUSED')
      refuseDevnetKey(address, 31337)
      refuseDevnetKey(address, 1337)
    }
    refuseDevnetKey(privateKeyToAddress(KEY), 1)
  })
})

describe('parsePrivateKey', () => {
  it('takes 64 hex digits with or without 0x', () => {
    expect(parsePrivateKey(` ${KEY}\n`)).toBe(KEY)
    expect(parsePrivateKey(KEY.slice(2).toUpperCase())).toBe(KEY.toLowerCase())
  })

  it.each([
    ['', 'empty'],
    [`${KEY}0`, 'too long'],
    [`0x${'00'.repeat(32)}`, 'zero'],
    [`0x${'ff'.repeat(32)}`, 'past the order of the curve'],
    ['0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141', 'the order itself'],
  ])('%s is refused (%s) without repeating it', async (text) => {
    const error = await Promise.resolve()
      .then(() => parsePrivateKey(text))
      .catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'KEY_CORRUPT' })
    if (text) expect((error as Error).message).not.toContain(text)
  })
})
