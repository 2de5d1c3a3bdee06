import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DmcError } from '@dmc/core/errors/dmc-error'
import { generate } from 'selfsigned'
import { spkiHash } from './spki-hash.ts'

/** The miner's TLS key and a certificate that nobody needs to have issued: peers pin the key's hash from the chain. */
export interface TlsIdentity {
  /** PEM. */
  key: string
  cert: string
  /** For the endpoint on chain: `#spki=<hash>`. */
  spki: string
}

const FILE = 'tls.pem'
const YEARS = 50

/**
 * Loads `tls.pem` (key and certificate, 0600) from the agent's data folder, or makes it once: P-256, random.
 * @throws KEY_PERMISSIONS when others can read it, KEY_CORRUPT when it can't be used
 */
export async function loadTlsIdentity(dataDir: string): Promise<TlsIdentity> {
  const path = join(dataDir, FILE)
  const found = read(path)
  if (found !== null) return parse(path, found)
  const notAfterDate = new Date()
  notAfterDate.setFullYear(notAfterDate.getFullYear() + YEARS)
  const made = await generate([{ name: 'commonName', value: 'dmc-agent' }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    notAfterDate,
  })
  await mkdir(dataDir, { recursive: true, mode: 0o700 })
  const text = `${made.private.trim()}\n${made.cert.trim()}\n`
  const identity = parse(path, text)
  // whole or not at all: a half-written key would lock the miner out of its own endpoint
  await writeFile(`${path}.new`, text, { mode: 0o600, flush: true })
  await rename(`${path}.new`, path)
  return identity
}

function read(path: string): string | null {
  try {
    if (process.platform !== 'win32' && (statSync(path).mode & 0o077) !== 0) {
      throw new DmcError('KEY_PERMISSIONS', `${path} can be read by others.`, {
        hint: `Run: chmod 600 ${path}. If its mode stays as it is, its file system has none (exFAT, FAT): move it to one that has.`,
      })
    }
    return readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}

function parse(path: string, text: string): TlsIdentity {
  try {
    const cert = new X509Certificate(text.slice(text.indexOf('-----BEGIN CERTIFICATE-----')))
    const key = createPrivateKey(text)
    const spki = spkiHash(cert.publicKey)
    if (spkiHash(createPublicKey(key)) !== spki) throw new Error('key and certificate do not belong together')
    return { key: key.export({ type: 'pkcs8', format: 'pem' }).toString(), cert: cert.toString(), spki }
  } catch (error) {
    throw new DmcError(
      'KEY_CORRUPT',
      `${path} is no usable TLS key: ${error instanceof Error ? error.message : error}`,
      {
        hint: 'Put it back from a copy, or delete it and set the new endpoint on chain (the agent makes a new key).',
        cause: error,
      },
    )
  }
}
