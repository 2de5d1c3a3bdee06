import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DmcError } from '@dmc/core/errors/dmc-error'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { resolveConfig } from '../config/resolve-config.ts'
import { readEnv } from '../env.ts'
import { FAST_N } from './derive-password-key.ts'
import { findPassword } from './find-password.ts'
import { createKeystore, storeWallet } from './keystore.ts'
import { keystoreFile } from './keystore-file.ts'
import { newPassword } from './new-password.ts'
import { readSecretFile } from './read-secret-file.ts'
import { unlockHost } from './unlock-host.ts'

let folder = ''
let file = ''
let credentials = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dmc-password-'))
  file = join(folder, 'password')
  credentials = join(folder, 'credentials')
  writeFileSync(file, 'from the file\nsecond line\n', { mode: 0o600 })
  mkdirSync(credentials)
  writeFileSync(join(credentials, 'dmc-password'), 'from systemd\r\n', { mode: 0o440 })
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

async function code(work: () => unknown): Promise<string> {
  try {
    await work()
  } catch (error) {
    if (DmcError.is(error)) return error.code
    throw error
  }
  return 'nothing was thrown'
}

const nothing = { credentialsDirectory: null, passwordFile: null }
const ask = async () => 'from a person'

describe('findPassword', () => {
  it('asks systemd, then DMC_PASSWORD_FILE, then a person', async () => {
    const all = { credentialsDirectory: credentials, passwordFile: file }
    expect((await findPassword(all, null, ask)).password).toBe('from systemd')
    expect((await findPassword({ ...all, credentialsDirectory: folder }, null, ask)).password).toBe(
      'from the file',
    )
    expect((await findPassword(nothing, null, ask)).password).toBe('from a person')
  })

  it('fails with advice when nobody is there', async () => {
    const error = await findPassword(nothing, null, null).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'KEY_PASSWORD_MISSING', exitCode: 5 })
    expect((error as DmcError).hint).toContain('DMC_PASSWORD_FILE')
  })

  it('refuses a password file that others can read', async () => {
    chmodSync(file, 0o644)
    const error = await findPassword({ ...nothing, passwordFile: file }, null, ask).catch((e: unknown) => e)
    expect(error).toMatchObject({ code: 'KEY_PERMISSIONS' })
    expect((error as Error).message).toContain('0644')
  })

  it('does not go on silently when a named file is missing, empty, or no file', async () => {
    const at = (passwordFile: string) => code(() => findPassword({ ...nothing, passwordFile }, null, ask))
    expect(await at(join(folder, 'none'))).toBe('KEY_MISSING')
    expect(await at(folder)).toBe('KEY_MISSING')
    writeFileSync(file, '\n')
    expect(await at(file)).toBe('KEY_PASSWORD_MISSING')
  })
})

describe('readSecretFile', () => {
  it('refuses a file that is too large to be a secret', async () => {
    writeFileSync(file, Buffer.alloc(70_000))
    expect(await code(() => readSecretFile(file))).toBe('KEY_MISSING')
  })
})

describe('newPassword', () => {
  it('makes a random one in a new private file', async () => {
    const target = join(folder, 'new', 'password')
    const password = await newPassword(nothing, { file: target, ask: null })
    expect(password).toMatch(/^[\w-]{32}$/)
    expect(readSecretFile(target)).toBe(password)
    expect(await code(() => newPassword(nothing, { file: target, ask: null }))).toBe('ALREADY_INITIALISED')
  })

  it('is random for the keyring when nobody chooses, and never otherwise', async () => {
    expect(await newPassword(nothing, { keyring: true, ask: null })).toHaveLength(32)
    expect(await newPassword(nothing, { keyring: true, ask })).toBe('from a person')
    expect(await code(() => newPassword(nothing, { ask: null }))).toBe('KEY_PASSWORD_MISSING')
  })
})

describe('unlockHost', () => {
  const config = () => resolveConfig({ dataDir: folder }, readEnv({ DMC_CHAIN_ID: '1' }))
  const make = () =>
    createKeystore(keystoreFile(folder), { password: 'from the file', master: new Uint8Array(32), n: FAST_N })

  it('opens the keystore without a person', async () => {
    const made = await make()
    const keys = await unlockHost(config(), { ...nothing, passwordFile: file }, null)
    expect(keys.operator).toEqual(made.operator)
  })

  it('says where a wrong password came from', async () => {
    await make()
    const wrong = unlockHost(config(), { credentialsDirectory: credentials, passwordFile: null }, ask)
    const error = await wrong.catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'KEY_PASSWORD_WRONG' })
    expect((error as Error).message).toContain('systemd credential')
  })

  it('gives a person three tries', async () => {
    await make()
    const answers = ['no', 'not this', 'from the file']
    const keys = await unlockHost(config(), nothing, async () => answers.shift() ?? '')
    expect(keys.master).toEqual(Buffer.alloc(32))
    let asked = 0
    const never = async () => `wrong ${++asked}`
    expect(await code(() => unlockHost(config(), nothing, never))).toBe('KEY_PASSWORD_WRONG')
    expect(asked).toBe(3)
  })

  it('refuses a published wallet key also when the chain was changed afterwards', async () => {
    await make()
    const published = '0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80'
    await storeWallet(keystoreFile(folder), 'from the file', published)
    const unlock = () => unlockHost(config(), { ...nothing, passwordFile: file }, null)
    expect(await code(unlock)).toBe('DEVNET_KEY_REFUSED')
  })
})
