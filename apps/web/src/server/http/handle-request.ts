import type { IncomingMessage, ServerResponse } from 'node:http'
import { type NodeHTTPCreateContextFnOptions, nodeHTTPRequestHandler } from '@trpc/server/adapters/node-http'
import type { Context } from '../context.ts'
import { logError } from '../log-error.ts'
import { appRouter } from '../router.ts'
import type { Services } from '../services.ts'
import { sessionOfCookie } from '../sign-in/sessions.ts'
import { printSessionCookie } from './cookies.ts'
import { serveDevWallet } from './dev-wallet.ts'
import { originAllowed } from './origin.ts'
import { HttpRefusal } from './read-json.ts'
import { remoteAddress } from './remote-address.ts'
import { serveRpc } from './rpc-proxy.ts'
import { dropInternalHeaders, setApiPolicy, setPagePolicy, setSecurityHeaders } from './security-headers.ts'
import { serveStopMails } from './stop-mails.ts'
import { TokenBuckets } from './token-bucket.ts'

const BODY_BYTES = 64 * 1024
const MOST_CALLS = 20
/** Where an agent's sign-in begins, alone in its request. */
const AGENT_NONCE = '/api/trpc/link.nonce'
const PROCEDURES = appRouter._def.procedures as unknown as Record<string, { _def: { type: string } }>
const SUBSCRIPTIONS = Object.keys(PROCEDURES).filter((name) => PROCEDURES[name]?._def.type === 'subscription')

export type Pages = (request: IncomingMessage, response: ServerResponse) => Promise<void> | void

/** Every HTTP request: the API is answered here, everything else is a page and goes to `pages`. */
export function requestHandler(services: Services, pages: Pages) {
  const { env, origin, origins } = services
  const options = { origin, production: env.production }
  const perAddress = new TokenBuckets({ burst: 1_000, perSecond: 200 })
  // many agents may stand behind one address, and after a restart of the dashboard they all come back at once
  const agentsPerAddress = new TokenBuckets({ burst: 3_000, perSecond: 200 })

  const api = async (path: string, request: IncomingMessage, response: ServerResponse) => {
    setApiPolicy(response)
    if (path === '/api/health') return serveHealth(services, response)
    const take = (amount: number) => {
      const buckets = path === AGENT_NONCE ? agentsPerAddress : perAddress
      if (buckets.take(remoteAddress(request, env.trustProxy), amount)) return
      response.setHeader('Retry-After', '2')
      throw new HttpRefusal(429, 'Too many requests.')
    }
    take(1)
    if (request.method !== 'GET' && request.method !== 'POST') throw new HttpRefusal(405, 'GET or POST.')
    // whoever has the token may, from wherever: a mail program's click says no origin, a page without referrer hides its own
    if (path === '/api/stop-mails') return serveStopMails(services, request, response)
    if (request.method === 'POST' && !originAllowed(request, origins)) {
      throw new HttpRefusal(403, 'From another page than the dashboard’s own.')
    }
    if (path.startsWith('/api/trpc/')) return serveTrpc(services, path, request, response)
    if (request.method === 'POST' && path === '/api/rpc') return serveRpc(services, request, response, take)
    if (request.method === 'POST' && path === '/api/dev-wallet') {
      return serveDevWallet(services, request, response)
    }
    throw new HttpRefusal(404, 'Not found.')
  }

  return (request: IncomingMessage, response: ServerResponse): void => {
    setSecurityHeaders(response, options)
    const work = async () => {
      const url = request.url ?? ''
      // an absolute-form target would make something behind us dial an address of the caller's choice
      if (!url.startsWith('/') || url.startsWith('//')) throw new HttpRefusal(400, 'Not a path.')
      const path = url.split(/[?#]/, 1)[0] ?? '/'
      if (path === '/api' || path.startsWith('/api/')) return await api(path, request, response)
      if (request.method !== 'GET' && request.method !== 'HEAD') {
        response.setHeader('Allow', 'GET, HEAD')
        throw new HttpRefusal(405, 'Pages are read with GET.')
      }
      dropInternalHeaders(request)
      setPagePolicy(request, response, options)
      await pages(request, response)
    }
    work().catch((error: unknown) => refuse(response, error))
  }
}

async function serveTrpc(
  services: Services,
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (
    request.method === 'POST' &&
    !/^application\/json\s*(;|$)/i.test(request.headers['content-type'] ?? '')
  ) {
    throw new HttpRefusal(415, 'Send application/json.')
  }
  // over HTTP a subscription would be a connection without the limits of sockets
  const names = decoded(path.slice('/api/trpc/'.length)).split(',')
  if (names.some((name) => SUBSCRIPTIONS.includes(name))) {
    throw new HttpRefusal(400, 'Subscriptions go over the WebSocket.')
  }
  await nodeHTTPRequestHandler({
    router: appRouter,
    path: path.slice('/api/trpc/'.length),
    req: request,
    res: response,
    maxBodySize: BODY_BYTES,
    maxBatchSize: MOST_CALLS,
    createContext: ({ req, res }: NodeHTTPCreateContextFnOptions<IncomingMessage, ServerResponse>) =>
      httpContext(services, req, res),
    onError: ({ error, path: called }) => {
      if (error.code === 'INTERNAL_SERVER_ERROR') logError(called ?? '?', error.cause ?? error)
    },
  })
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw new HttpRefusal(400, 'Not an address.')
  }
}

/** Whoever the cookie says. */
export async function httpContext(
  services: Services,
  request: IncomingMessage,
  response: ServerResponse | null,
): Promise<Context> {
  const { db, origin, env } = services
  const session = await sessionOfCookie(db, { cookie: request.headers.cookie, origin, now: new Date() })
  return {
    services,
    who: session
      ? { kind: 'wallet', address: session.address, sessionHash: session.hash }
      : { kind: 'nobody' },
    remote: remoteAddress(request, env.trustProxy),
    browser: (request.headers['user-agent'] ?? '').slice(0, 200) || null,
    setSession:
      response === null
        ? null
        : (token, expiresAt) =>
            response.setHeader('Set-Cookie', printSessionCookie(origin, token, expiresAt)),
    guard: null,
  }
}

async function serveHealth({ db }: Services, response: ServerResponse): Promise<void> {
  let ok = true
  try {
    await db.prisma.$queryRaw`SELECT 1`
  } catch {
    ok = false
  }
  response.statusCode = ok ? 200 : 503
  response.setHeader('Content-Type', 'application/json')
  response.end(JSON.stringify({ ok }))
}

function refuse(response: ServerResponse, error: unknown): void {
  const known = error instanceof HttpRefusal
  if (!known) logError('a request', error)
  if (response.headersSent) {
    response.destroy()
    return
  }
  response.statusCode = known ? error.status : 500
  // what is left of the body is not read: the connection can serve nothing else
  response.setHeader('Connection', 'close')
  response.setHeader('Content-Type', 'application/json')
  response.end(JSON.stringify({ error: known ? error.message : 'Something went wrong on the dashboard.' }))
}
