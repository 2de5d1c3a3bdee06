import { Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import { isIP, type Socket, connect as tcpConnect } from 'node:net'
import { type TLSSocket, connect as tlsConnect } from 'node:tls'
import { DmcError } from '@dmc/core/errors/dmc-error'
import type { Endpoint } from '@dmc/core/protocol/endpoint'
import { spkiHash } from './spki-hash.ts'

const CONNECT_MS = 10_000

export interface PinnedAgentOptions {
  endpoint: Endpoint
  /** The checked IP address. */
  address: string
  connections: number
}

type Created = (error: Error | null, socket?: Socket) => void

/**
 * Keep-alive connections to one miner. A TLS socket is handed over only after its public key was compared with the
 * endpoint's; sessions are never resumed, since a resumed one shows no certificate.
 */
export function createPinnedAgent({ endpoint, address, connections }: PinnedAgentOptions): HttpAgent {
  const options = { keepAlive: true, maxSockets: connections, scheduling: 'fifo' } as const
  const agent =
    endpoint.protocol === 'https'
      ? new HttpsAgent({ ...options, maxCachedSessions: 0 })
      : new HttpAgent(options)
  const create = (_options: unknown, created?: Created) => {
    dial(endpoint, address, created ?? (() => {}))
    return undefined
  }
  agent.createConnection = create as unknown as typeof agent.createConnection
  return agent
}

function dial(endpoint: Endpoint, address: string, created: Created): void {
  const { host, port, protocol } = endpoint
  const socket: Socket =
    protocol === 'https'
      ? tlsConnect({
          host: address,
          port,
          // no CA vouches for it: the pin does, below
          rejectUnauthorized: false,
          minVersion: 'TLSv1.3',
          maxVersion: 'TLSv1.3',
          ...(isIP(host) ? {} : { servername: host }),
        })
      : tcpConnect({ host: address, port })
  let done = false
  const finish = (error: Error | null) => {
    if (done) return
    done = true
    clearTimeout(timer)
    if (error) {
      socket.destroy()
      created(error)
    } else created(null, socket)
  }
  const timer = setTimeout(
    () => finish(Object.assign(new Error(`no connection within ${CONNECT_MS} ms`), { code: 'ETIMEDOUT' })),
    CONNECT_MS,
  )
  socket.setNoDelay(true)
  socket.on('error', finish)
  socket.once('close', () =>
    finish(Object.assign(new Error('closed while connecting'), { code: 'ECONNRESET' })),
  )
  socket.once(protocol === 'https' ? 'secureConnect' : 'connect', () => {
    try {
      if (protocol === 'https') mustBePinned(socket as TLSSocket, endpoint)
      finish(null)
    } catch (error) {
      finish(error as Error)
    }
  })
}

/** @throws PEER_KEY_MISMATCH */
export function mustBePinned(socket: TLSSocket, { host, port, spki }: Endpoint): void {
  const certificate = socket.isSessionReused() ? undefined : socket.getPeerX509Certificate()
  const shown = certificate ? spkiHash(certificate.publicKey) : 'none'
  if (spki.includes(shown)) return
  throw new DmcError(
    'PEER_KEY_MISMATCH',
    `${host}:${port} shows the public key ${shown}, not the one on chain.`,
    {
      hint: 'Somebody else answers there, or the miner has a new key: it must set its endpoint on chain again.',
    },
  )
}
