import type { Agent, IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { Socket } from 'node:net'
import { DmcError } from '@dmc/core/errors/dmc-error'
import { reviveError } from '@dmc/core/errors/to-dmc-error'
import type { Endpoint } from '@dmc/core/protocol/endpoint'
import { WIRE_LIMITS } from '@dmc/core/protocol/limits'
import { errorReply } from '@dmc/core/protocol/messages'
import { giveBack } from '../../disk/give-back.ts'
import { interrupted } from '../wait.ts'
import { sendPaced } from './send-paced.ts'

/** Longer than the server's "still there" every 10 s. */
const SILENCE_MS = 45_000

/** Marks an error that the peer itself has said, apart from one that this host came to. */
const SAID = { saidByPeer: true }
export const isSaidByPeer = (error: DmcError): boolean => error.meta.saidByPeer === true

export interface ExchangeOptions {
  agent: Agent
  endpoint: Endpoint
  method: 'GET' | 'POST' | 'PUT'
  path: string
  headers?: Record<string, string>
  body?: Uint8Array | undefined
  signal: AbortSignal
  /** Largest reply taken. */
  most: number
  /** Lets the body of the request pass, in slices: how many bytes. */
  paceUp?: ((bytes: number) => Promise<void>) | undefined
  /** Lets the reply pass; nothing more is read until then. */
  paceDown?: ((bytes: number) => Promise<void>) | undefined
  /** Takes the body as it comes; without it the reply is collected. Throwing cuts the connection. */
  sink?: ((chunk: Buffer, length: number) => void) | undefined
}

export interface Exchanged {
  headers: IncomingHttpHeaders
  body: Buffer
  socket: Socket
  /** From handing the request to the connection (made first if need be) to the last byte of the reply. */
  tookMs: number
}

/**
 * One request and its whole reply. A refusal by the peer is thrown as its typed error, anything that the network did as
 * PEER_UNREACHABLE (retryable).
 * @throws PEER_UNREACHABLE, PEER_KEY_MISMATCH, PEER_PROTOCOL, INTERRUPTED, and what the peer says
 */
export function exchange(options: ExchangeOptions): Promise<Exchanged> {
  const { agent, endpoint, method, path, headers = {}, body, signal, paceUp } = options
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(interrupted())
    const send = endpoint.protocol === 'https' ? httpsRequest : httpRequest
    const request = send({
      agent,
      host: endpoint.host,
      port: endpoint.port,
      method,
      path,
      headers: { ...headers, ...(body ? { 'content-length': body.length } : {}) },
    })
    const stop = () => request.destroy(interrupted())
    signal.addEventListener('abort', stop, { once: true })
    const fail = (error: Error) => {
      signal.removeEventListener('abort', stop)
      request.destroy()
      reject(signal.aborted ? interrupted() : unreachable(endpoint, error))
    }
    request.setTimeout(SILENCE_MS, () => request.destroy(new Error(`silent for ${SILENCE_MS / 1000} s`)))
    request.on('error', fail)
    request.once('socket', (socket) => {
      // node:http reads what comes before us, in this order, and keeps copies only
      socket.on('data', giveBack)
      request.once('close', () => socket.off('data', giveBack))
    })
    request.on('response', (response) => {
      collect(response, options).then((collected) => {
        signal.removeEventListener('abort', stop)
        const { endedAt, ...exchanged } = collected
        resolve({ ...exchanged, tookMs: endedAt - started })
      }, fail)
    })
    const started = performance.now()
    if (body && paceUp) sendPaced(request, [body], paceUp).catch(fail)
    else request.end(body)
  })
}

function collect(
  response: IncomingMessage,
  { most, sink, endpoint, paceDown }: ExchangeOptions,
): Promise<Omit<Exchanged, 'tookMs'> & { endedAt: number }> {
  const { socket, headers } = response
  const length = Number(headers['content-length'] ?? Number.NaN)
  const refused = response.statusCode !== 200
  const limit = refused ? WIRE_LIMITS.jsonBytes : most
  if (!Number.isSafeInteger(length) || length > limit) {
    const said = headers['content-length'] ?? 'unknown'
    return Promise.reject(protocol(endpoint, `a reply of ${said} bytes where at most ${limit} fit`))
  }
  const into = refused || !sink ? Buffer.allocUnsafe(length) : null
  let at = 0
  // the last byte's arrival: when 'end' is told is a matter of this process
  let endedAt = performance.now()
  // plain listeners: an iterator costs a promise for each 64 KiB
  return new Promise((resolve, reject) => {
    response.on('data', (chunk: Buffer) => {
      try {
        if (at + chunk.length > length) throw protocol(endpoint, 'a reply longer than it says')
        if (into) into.set(chunk, at)
        else sink?.(chunk, length)
        at += chunk.length
        endedAt = performance.now()
        if (paceDown) {
          response.pause()
          void paceDown(chunk.length).then(() => response.resume())
        }
        giveBack(chunk)
      } catch (error) {
        reject(error)
      }
    })
    response.once('error', reject)
    response.once('close', () => reject(new Error('the reply was cut off')))
    response.once('end', () => {
      if (at !== length) reject(new Error('the reply was cut off'))
      else if (!refused) resolve({ headers, body: into ?? Buffer.alloc(0), socket, endedAt })
      else reject(refusalOf(into ?? Buffer.alloc(0), response.statusCode ?? 0, endpoint))
    })
  })
}

function refusalOf(body: Buffer, status: number, endpoint: Endpoint): DmcError {
  try {
    const { code, message, hint, retryable } = reviveError(
      errorReply.parse(JSON.parse(body.toString('utf8'))),
    )
    return new DmcError(code, message, { hint, retryable, meta: SAID })
  } catch {
    return protocol(endpoint, `status ${status} without a typed error`)
  }
}

export const protocol = (endpoint: Endpoint, what: string) =>
  new DmcError('PEER_PROTOCOL', `${endpoint.host}:${endpoint.port} does not speak this protocol: ${what}.`, {
    hint: 'Check the endpoint on chain and both agents’ versions.',
  })

function unreachable(endpoint: Endpoint, error: Error): DmcError {
  if (DmcError.is(error)) return error
  const code = 'code' in error ? `${error.code}: ` : ''
  return new DmcError(
    'PEER_UNREACHABLE',
    `The miner at ${endpoint.host}:${endpoint.port} can't be reached (${code}${error.message}).`,
    {
      hint: 'It is tried again; the miner may be restarting, or a firewall is in the way.',
      cause: error,
    },
  )
}
