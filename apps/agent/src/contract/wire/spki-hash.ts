import { createHash, type KeyObject } from 'node:crypto'

/** What an endpoint pins: base64url SHA-256 of the DER SubjectPublicKeyInfo (docs/PROTOCOL.md 3). */
export function spkiHash(publicKey: KeyObject): string {
  return createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('base64url')
}
