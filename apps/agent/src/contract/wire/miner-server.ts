import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { DmcError } from '@dmc/core/errors/dmc-error'
import { addressGroup } from '@dmc/core/protocol/address-group'
import { WIRE_LIMITS } from '@dmc/core/protocol/limits'
import { UNLIMITED } from './bandwidth.ts'
import { ConnectionGuard } from './connection-guard.ts'
import { HandshakeGuard } from './handshake-guard.ts'
import { HelloDesk } from './hello-desk.ts'
import { OrderCache } from './order-cache.ts'
import { OrderTurns } from './order-turns.ts'
import { RateLimit } from './rate-limit.ts'
import { longestReply, sendJson, toPeerError } from './reply.ts'
import { serveAppend } from './serve/serve-append.ts'
import { serveChallenge } from './serve/serve-challenge.ts'
import { serveData, serveRoots } from './serve/serve-data.ts'
import { serveHeader } from './serve/serve-header.ts'
import { serveHello } from './serve/serve-hello.ts'
import { serveInfo } from './serve/serve-info.ts'
import { serveLeaves } from './serve/serve-leaves.ts'
import { serveSeal } from './serve/serve-seal.ts'
import { serveStatus } from './serve/serve-status.ts'
import type { MinerServerOptions, OrderRequest, ServerContext } from './server-context.ts'

export interface MinerServer {
  readonly port: number
  /** Open connections. */
  readonly connections: number
  /** Stops taking requests, cuts what is open, waits until requests in work are over. */
  close(): Promise<void>
}

interface Route {
  serve: (at: OrderRequest) => Promise<void>
  /** `open`: no token. `reader`: a reader's token is enough. */
  may: 'open' | 'reader' | 'user'
}

const ROUTES: Record<string, Route> = {
  'POST hello': { serve: serveHello, may: 'open' },
  'GET header': { serve: serveHeader, may: 'open' },
  'GET ': { serve: serveStatus, may: 'reader' },
  'GET data': { serve: serveData, may: 'reader' },
  'GET roots': { serve: serveRoots, may: 'reader' },
  'POST challenge': { serve: serveChallenge, may: 'reader' },
  'POST append': { serve: serveAppend, may: 'user' },
  'POST seal': { serve: serveSeal, may: 'user' },
}
const PATH = /^\/v1\/orders\/(0|[1-9][0-9]{0,77})(?:\/([a-z]{1,20})(?:\/(0|[1-9][0-9]{0,14}))?)?$/
const LOOPBACK = ['127.0.0.1', '::1']
const KEEP_ALIVE_MS = 10_000

/** The miner's side of the wire (flow 11, docs/PROTOCOL.md 4). Resolves when it listens. */
export async function createMinerServer(options: MinerServerOptions): Promise<MinerServer> {
  const { tls, bind, port, reader, signer } = options
  if (!tls && !LOOPBACK.includes(bind)) {
    throw new DmcError('CONFIG_INVALID', `Plain http is for 127.0.0.1 and ::1 only, not for ${bind}.`, {
      hint: 'Leave TLS on for every other address.',
    })
  }
  const limits = { ...WIRE_LIMITS, ...options.limits }
  const guard = new ConnectionGuard(limits)
  const context: ServerContext = {
    ...options,
    limits,
    bandwidth: options.bandwidth ?? UNLIMITED,
    guard,
    desk: new HelloDesk({ reader, signer, limits }),
    orders: new OrderCache(reader),
    turns: {
      up: new OrderTurns(limits.bytesPerOrder),
      down: new OrderTurns(limits.bytesPerOrder),
    },
    helloRate: new RateLimit(limits.helloBurst, limits.helloPerSecond),
    // who connects asks three times: info and both steps of the hello
    openRate: new RateLimit(limits.helloBurst * 4, limits.helloPerSecond * 4),
  }
  const inWork = new Set<Promise<void>>()
  const onRequest = (request: IncomingMessage, response: ServerResponse) => {
    const work = answer(context, request, response).finally(() => inWork.delete(work))
    inWork.add(work)
  }
  const http = {
    maxHeaderSize: limits.headerBytes,
    headersTimeout: limits.headMs,
    requestTimeout: 0, // bodies have their own watch
    keepAliveTimeout: limits.idleMs,
    connectionsCheckingInterval: 1000,
    noDelay: true,
    highWaterMark: 256 * 1024,
  }
  const server = tls
    ? createTlsServer(
        { ...http, ...tls, minVersion: 'TLSv1.3', maxVersion: 'TLSv1.3', handshakeTimeout: limits.headMs },
        onRequest,
      )
    : createServer(http, onRequest)
  server.timeout = limits.idleMs
  server.maxRequestsPerSocket = 0
  server.on('clientError', refuseGarbage)
  const raw = new HandshakeGuard(limits.connections * 2)
  server.on('connection', (socket: Socket) => {
    if (!raw.enter(socket)) socket.destroy()
  })
  server.on(tls ? 'secureConnection' : 'connection', (socket: Socket) => {
    raw.agreed(socket)
    if (!guard.enter(socket)) socket.destroy()
  })
  await listen(server, bind, port)
  return {
    port: (server.address() as AddressInfo).port,
    get connections() {
      return raw.size
    },
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      guard.destroyAll()
      raw.destroyAll()
      await closed
      await Promise.allSettled([...inWork])
    },
  }
}

async function answer(
  context: ServerContext,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  response.on('error', () => {})
  request.on('error', () => {})
  // a long seal or a full buffer: says "still there" so that neither side calls the connection idle
  const alive = setInterval(() => {
    if (!response.headersSent && !response.destroyed) response.writeProcessing()
  }, KEEP_ALIVE_MS)
  try {
    await route(context, request, response)
    watchReader(context, response)
  } catch (thrown) {
    const { status, error } = toPeerError(thrown)
    if (status >= 500) {
      const { message } = thrown instanceof Error ? thrown : { message: String(thrown) }
      context.journal.add({
        level: 'warning',
        event: 'request-failed',
        subject: orderOf(request),
        message: `${request.method} ${request.url?.slice(0, 120)} failed: ${message}`,
      })
    }
    refuse(request, response, status, error)
  } finally {
    clearInterval(alive)
  }
}

async function route(
  context: ServerContext,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const [path = '', search = ''] = (request.url ?? '/').split('?', 2)
  const address = addressGroup(request.socket.remoteAddress ?? '')
  if (path === '/v1/info' && request.method === 'GET') {
    mustBeCalm(context, address)
    return serveInfo(context, response)
  }
  const match = PATH.exec(path)
  if (!match) throw noSuchRoute(request)
  const [, id = '', name = '', number] = match
  const orderId = BigInt(id)
  if (name === 'leaves' && number !== undefined && request.method === 'PUT') {
    const at = await enter(context, request, response, orderId, search, 'user')
    return serveLeaves(at, Number(number))
  }
  const found = number === undefined ? ROUTES[`${request.method} ${name}`] : undefined
  if (!found) throw noSuchRoute(request)
  if (found.may === 'open') mustBeCalm(context, address)
  await found.serve(await enter(context, request, response, orderId, search, found.may))
}

/** Token, role, share of connections, and the order's store, in this order. */
async function enter(
  context: ServerContext,
  request: IncomingMessage,
  response: ServerResponse,
  orderId: bigint,
  search: string,
  may: Route['may'],
): Promise<OrderRequest> {
  const grant = may === 'open' ? null : context.desk.grantOf(request.headers.authorization, orderId)
  if (grant && may === 'user' && grant.role !== 'user') {
    throw new DmcError('PEER_NOT_AUTHORISED', 'A reader may read and challenge, nothing else.', {
      hint: 'Writing needs the wallet or one of its operators.',
    })
  }
  if (grant && !context.guard.assign(request.socket, orderId.toString())) {
    response.setHeader('connection', 'close')
    throw new DmcError(
      'TOO_MANY_REQUESTS',
      `Order ${orderId} has its ${context.limits.connectionsPerOrder} connections.`,
      {
        hint: 'Use fewer connections; the agent does so by itself.',
      },
    )
  }
  const store = await context.stores(orderId)
  if (!store) {
    throw new DmcError('ORDER_NOT_FOUND', `This miner holds nothing for order ${orderId}.`, {
      hint: 'The order may be very new: try again in a while. Else check the endpoint on chain.',
      retryable: true,
    })
  }
  return { context, request, response, orderId, store, query: new URLSearchParams(search), grant }
}

function mustBeCalm(context: ServerContext, address: string): void {
  if (context.openRate.take(address)) return
  throw new DmcError('TOO_MANY_REQUESTS', 'Too many requests without a token from this address.', {
    hint: 'Wait some seconds.',
  })
}

/** Answers with the error and leaves the connection usable, unless too much of the body is still to come. */
function refuse(request: IncomingMessage, response: ServerResponse, status: number, error: DmcError): void {
  if (response.headersSent || response.destroyed) {
    request.socket.destroy()
    return
  }
  if (!request.complete) {
    response.setHeader('connection', 'close')
    response.once('finish', () => {
      // let the answer arrive before the reset that unread bytes would cause
      request.resume()
      setTimeout(() => request.socket.destroy(), 1000).unref()
    })
  }
  sendJson(response, status, error)
}

/** A peer that takes its answer too slowly holds our memory: cut. */
function watchReader({ limits }: ServerContext, response: ServerResponse): void {
  if (response.writableFinished || response.destroyed) return
  const timer = setTimeout(() => response.destroy(), longestReply(limits))
  timer.unref()
  response.once('close', () => clearTimeout(timer))
}

/** What is not HTTP, or has too long a head. */
function refuseGarbage(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (!socket.writable || error.code === 'ECONNRESET') return void socket.destroy()
  const overflow = error.code === 'HPE_HEADER_OVERFLOW'
  const body = JSON.stringify({
    code: overflow ? 'REQUEST_TOO_LARGE' : 'REQUEST_INVALID',
    message: overflow ? 'The headers are too long.' : 'This is not an HTTP request.',
    hint: 'docs/PROTOCOL.md says how to ask.',
    retryable: false,
  })
  const head = overflow ? '431 Request Header Fields Too Large' : '400 Bad Request'
  socket.end(
    `HTTP/1.1 ${head}\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
  )
  setTimeout(() => socket.destroy(), 1000).unref()
}

const noSuchRoute = (request: IncomingMessage) =>
  new DmcError('REQUEST_INVALID', `There is no ${request.method} ${request.url?.slice(0, 120)}.`, {
    hint: 'docs/PROTOCOL.md 4 lists the requests.',
  })

const orderOf = (request: IncomingMessage) => {
  const id = /^\/v1\/orders\/([0-9]{1,78})/.exec(request.url ?? '')?.[1]
  return id === undefined ? '' : `order:${id}`
}

function listen(server: Server, bind: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        new DmcError('CONFIG_INVALID', `Can't listen on ${bind}:${port}: ${error.code ?? error.message}.`, {
          hint: 'Choose another port, or stop what uses it.',
          cause: error,
        }),
      ),
    )
    server.listen(port, bind, resolve)
  })
}
