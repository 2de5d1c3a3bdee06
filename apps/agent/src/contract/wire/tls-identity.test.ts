import { createPrivateKey } from 'node:crypto'
import { chmod, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { useTempFolders } from '../../../test/support/temp-folder.ts'
import { loadTlsIdentity } from './tls-identity.ts'

const tempFolder = useTempFolders()

describe('TLS identity', () => {
  it('is made once, P-256, readable by its owner only', async () => {
    const folder = await tempFolder()
    const made = await loadTlsIdentity(join(folder, 'data'))
    expect(await loadTlsIdentity(join(folder, 'data'))).toEqual(made)
    expect((await stat(join(folder, 'data', 'tls.pem'))).mode & 0o777).toBe(0o600)
    expect(createPrivateKey(made.key).asymmetricKeyDetails).toEqual({ namedCurve: 'prime256v1' })
    expect(made.spki).toMatch(/^[A-Za-z0-9_-]{43}$/)
    const other = await loadTlsIdentity(join(folder, 'other'))
    expect(other.spki).not.toBe(made.spki)
  })

  it('refuses a key that others can read', async () => {
    const folder = await tempFolder()
    await loadTlsIdentity(folder)
    await chmod(join(folder, 'tls.pem'), 0o640)
    await expect(loadTlsIdentity(folder)).rejects.toMatchObject({ code: 'KEY_PERMISSIONS' })
  })

  it('refuses what is no key, half of one, or a certificate of another key', async () => {
    const folder = await tempFolder()
    const path = join(folder, 'tls.pem')
    await loadTlsIdentity(folder)
    await loadTlsIdentity(join(folder, 'other'))
    const text = await readFile(path, 'utf8')
    const other = await readFile(join(folder, 'other', 'tls.pem'), 'utf8')
    const cut = text.indexOf('-----BEGIN CERTIFICATE')
    for (const wrong of [
      '',
      'x',
      text.slice(0, 200),
      text.slice(0, cut),
      text.slice(cut),
      text.slice(0, cut) + other.slice(other.indexOf('-----BEGIN CERTIFICATE')),
    ]) {
      await writeFile(path, wrong)
      await expect(loadTlsIdentity(folder)).rejects.toMatchObject({ code: 'KEY_CORRUPT' })
    }
  })
})
