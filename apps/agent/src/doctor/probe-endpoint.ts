import { createHash, X509Certificate } from 'node:crypto'
import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { TLSSocket } from 'node:tls'

const PATIENCE_MS = 8000
const MAX_BODY = 64 * 1024

/**
 * Asks `GET /v1/info` at an endpoint as it stands on chain (docs/PROTOCOL.md 3), as a user would.
 * @returns null when it answers as a DMC agent with a pinned key, else what is wrong.
 */
export function probeEndpoint(published: string): Promise<string | null> {
  const [address = '', fragment = ''] = published.split('#')
  const pins = fragment.replace(/^spki=/, '').split('.')
  let url: URL
  try {
    url = new URL('/v1/info', address)
  } catch {
    return Promise.resolve('it is not an address')
  }
  const tls = url.protocol === 'https:'
  return new Promise((done) => {
    // The certificate is judged by its key against the pin, below: there is no authority between agents.
    const options = { timeout: PATIENCE_MS, rejectUnauthorized: false, agent: false as const }
    const request = (tls ? httpsRequest : httpRequest)(url, options, (response) => {
      if (tls && !pins.includes(keyHash(response.socket as TLSSocket))) {
        response.destroy()
        return done('another key answers than the one on chain')
      }
      let body = ''
      response.setEncoding('utf8')
      response.on('data', (part: string) => {
        body += part
        if (body.length > MAX_BODY) response.destroy()
      })
      response.on('close', () =>
        done(isAgent(body) ? null : `something else answers (status ${response.statusCode})`),
      )
    })
    request.on('timeout', () => request.destroy(new Error(`no answer in ${PATIENCE_MS / 1000} s`)))
    request.on('error', (error: NodeJS.ErrnoException) => done(error.code ?? error.message))
    request.end()
  })
}

function keyHash(socket: TLSSocket): string {
  const { raw } = socket.getPeerCertificate()
  if (!raw) return ''
  const key = new X509Certificate(raw).publicKey.export({ type: 'spki', format: 'der' })
  return createHash('sha256').update(key).digest('base64url')
}

function isAgent(body: string): boolean {
  try {
    return (JSON.parse(body) as { protocol?: unknown }).protocol === 1
  } catch {
    return false
  }
}
