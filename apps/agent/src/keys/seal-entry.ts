import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'

/** One secret of the keystore, hex. */
export interface SealedEntry {
  nonce: string
  ciphertext: string
  tag: string
}

/** AES-256-GCM with a random 96-bit nonce; `label` (entry, host, parameters) is authenticated with it. */
export function sealEntry(key: Uint8Array, label: string, secret: Uint8Array): SealedEntry {
  const nonce = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(label))
  const ciphertext = Buffer.concat([cipher.update(secret), cipher.final()])
  return {
    nonce: nonce.toString('hex'),
    ciphertext: ciphertext.toString('hex'),
    tag: cipher.getAuthTag().toString('hex'),
  }
}

/** The secret, or null when key, label or bytes are not the ones that were sealed. */
export function openEntry(key: Uint8Array, label: string, entry: SealedEntry): Uint8Array | null {
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(entry.nonce, 'hex'))
      .setAAD(Buffer.from(label))
      .setAuthTag(Buffer.from(entry.tag, 'hex'))
    return Buffer.concat([decipher.update(Buffer.from(entry.ciphertext, 'hex')), decipher.final()])
  } catch {
    return null
  }
}
