import { DmcError } from '../errors/dmc-error.ts'

/** Where a miner's agent answers, as it stands on chain (docs/PROTOCOL.md 3). */
export interface Endpoint {
  protocol: 'https' | 'http'
  /** DNS name, IPv4, or IPv6 without brackets; lower case. */
  host: string
  port: number
  /** One or two base64url SHA-256 hashes of SubjectPublicKeyInfo; empty for plain http. */
  spki: string[]
}

const MOST_BYTES = 256
const FIRST_PORT = 1024
const LAST_PORT = 65535
const HASH = /^[A-Za-z0-9_-]{43}$/
const SHAPE =
  /^(https?):\/\/(\[[0-9a-fA-F:.]{2,45}\]|[A-Za-z0-9.-]{1,200}):([0-9]{1,5})(?:#spki=([A-Za-z0-9_.-]+))?$/
const LOOPBACK = ['127.0.0.1', '::1']

/**
 * Reads an endpoint strictly: no path, user, query, default port or redirection target can hide in it.
 * @throws ENDPOINT_INVALID
 */
export function parseEndpoint(text: string): Endpoint {
  const shown = text.length > 80 ? `${text.slice(0, 80)}…` : text
  const refuse = (why: string) =>
    new DmcError('ENDPOINT_INVALID', `The endpoint '${shown}' is not usable: ${why}.`, {
      hint: 'An endpoint looks like https://host:port#spki=<hash>, with a port from 1024 to 65535.',
    })
  if (new TextEncoder().encode(text).length > MOST_BYTES)
    throw refuse(`it is longer than ${MOST_BYTES} bytes`)
  const match = SHAPE.exec(text)
  const [, protocol, rawHost, rawPort, rawHashes] = match ?? []
  if (!match || protocol === undefined || rawHost === undefined || rawPort === undefined) {
    throw refuse('it is not https://host:port#spki=<hash>')
  }
  const port = Number(rawPort)
  if (port < FIRST_PORT || port > LAST_PORT || rawPort.startsWith('0')) {
    throw refuse(`port ${rawPort} is not from ${FIRST_PORT} to ${LAST_PORT}`)
  }
  const host = hostOf(rawHost)
  if (host === null) throw refuse(`'${rawHost}' is no host name or address`)
  const spki = rawHashes === undefined ? [] : rawHashes.split('.')
  if (protocol === 'http') {
    if (spki.length > 0) throw refuse('plain http has no key to pin')
    if (!LOOPBACK.includes(host)) throw refuse('plain http is for 127.0.0.1 and [::1] only')
    return { protocol, host, port, spki }
  }
  if (spki.length < 1 || spki.length > 2 || !spki.every((hash) => HASH.test(hash))) {
    throw refuse('it names no public key (#spki= with one or two hashes of 43 characters)')
  }
  return { protocol: 'https', host, port, spki }
}

/** The host as the URL standard reads it (so that 0x7f.1 or an odd IPv6 form means what it will be dialled as). */
function hostOf(raw: string): string | null {
  let hostname: string
  try {
    hostname = new URL(`https://${raw}:2000/`).hostname.toLowerCase()
  } catch {
    return null
  }
  if (raw.startsWith('[')) return hostname.slice(1, -1)
  if (/^[0-9.]+$/.test(hostname) && hostname !== raw) return null // shorthand IPv4 such as 127.1
  if (!/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/.test(hostname) || hostname.includes('..')) return null
  return hostname
}

/** The text for the chain; the inverse of `parseEndpoint`, which also checks it. @throws ENDPOINT_INVALID */
export function formatEndpoint(endpoint: Endpoint): string {
  const host = endpoint.host.includes(':') ? `[${endpoint.host}]` : endpoint.host
  const pin = endpoint.spki.length > 0 ? `#spki=${endpoint.spki.join('.')}` : ''
  const text = `${endpoint.protocol}://${host}:${endpoint.port}${pin}`
  parseEndpoint(text)
  return text
}
