import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { MESSAGE_BYTES } from '@dmc/core/dashboard/reports'
import { DmcError } from '@dmc/core/errors/dmc-error'
import { findSession } from '@dmc/db/account/sessions'
import { noteConnected, noteDisconnected } from '@dmc/db/agents/connection-marks'
import { TRPCError } from '@trpc/server'
import { getWSConnectionHandler } from '@trpc/server/adapters/ws'
import { type WebSocket, WebSocketServer } from 'ws'
import { agentHello, revoked, verifyAgent } from '../agents/verify-agent.ts'
import type { Context } from '../context.ts'
import { toTrpcError } from '../errors.ts'
import { remoteAddress } from '../http/remote-address.ts'
import { TokenBuckets } from '../http/token-bucket.ts'
import { logError } from '../log-error.ts'
import { appRouter } from '../router.ts'
import type { Services } from '../services.ts'
import { SESSION_ENDED_CHANNEL, type Session, sessionOfCookie } from '../sign-in/sessions.ts'
import { AGENT_REVOKED_CHANNEL } from './channels.ts'
import { CLOSE, guardSocket, type SocketGuard } from './socket-limits.ts'

const PATH = '/api/ws'
const BROWSERS_PER_ADDRESS = 40
/** Agents that have not said who they are yet; many may stand behind one address and all come back at once. */
const STRANGERS_PER_ADDRESS = 600
const PER_SESSION = 10

interface Held {
  id: string
  remote: string
  /** Present when an Origin was: a browser. */
  browser: boolean
  session: Session | null
  socket: WebSocket
  guard: SocketGuard
  agentId?: string
}

export interface SocketServer {
  /** @returns false when the request is not for this server */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean
  readonly size: number
  close(): Promise<void>
}

/**
 * The sockets of browsers and agents, both tRPC. A browser is known by its cookie and must come from our own page; an agent has no Origin
 * and no cookie, and signs its hello. Everybody says hello within 5 seconds.
 */
export async function createSocketServer(services: Services): Promise<SocketServer> {
  const { db, links, origins, env } = services
  const instance = randomUUID()
  const held = new Map<WebSocket, Held>()
  /** Marks that are being taken away: the database stays open for them. */
  const leaving = new Set<Promise<void>>()
  const messages = new TokenBuckets({ burst: 200, perSecond: 50 })
  const attempts = {
    browser: new TokenBuckets({ burst: 100, perSecond: 10 }),
    agent: new TokenBuckets({ burst: 3_000, perSecond: 100 }),
  }
  const wss = new WebSocketServer({
    noServer: true,
    maxPayload: MESSAGE_BYTES,
    maxFragments: 64,
    maxBufferedChunks: 1024,
    perMessageDeflate: false,
    clientTracking: false,
  })

  const connection = getWSConnectionHandler({
    router: appRouter,
    wss,
    keepAlive: { enabled: true, pingMs: 30_000, pongWaitMs: 5_000 },
    createContext: async ({ res, info }): Promise<Context> => {
      const entry = held.get(res)
      if (!entry) throw new TRPCError({ code: 'BAD_REQUEST', message: 'The connection has gone.' })
      try {
        const context = await contextOf(entry, info.connectionParams)
        entry.guard.helloDone()
        return context
      } catch (error) {
        // the reason goes out first, as tRPC's own answer; its own close, without a code, comes after this one
        const revoked = DmcError.is(error) && error.code === 'PAIRING_REVOKED'
        setImmediate(() => res.close(...(revoked ? CLOSE.revoked : CLOSE.badHello)))
        throw toTrpcError(
          new TRPCError({ code: 'UNAUTHORIZED', message: 'The hello was refused.', cause: error }),
        )
      }
    },
    onError: ({ error, path }) => {
      // without a path it is the peer's broken frame, which has closed the socket already
      if (path !== undefined && error.code === 'INTERNAL_SERVER_ERROR') logError(path, error.cause ?? error)
    },
  })

  async function contextOf(entry: Held, params: Record<string, string | undefined> | null): Promise<Context> {
    const base = { services, remote: entry.remote, browser: null, setSession: null, guard: entry.guard }
    if (entry.browser) {
      if (params?.kind !== 'browser')
        throw new TRPCError({ code: 'UNAUTHORIZED', message: 'Not a browser’s hello.' })
      const { session } = entry
      if (!session) return { ...base, who: { kind: 'nobody' } }
      // it may have ended after the cookie was read and before this socket could be told
      if (!(await findSession(db, session.hash, new Date()))) {
        setImmediate(() => entry.socket.close(...CLOSE.sessionEnded))
        throw new TRPCError({ code: 'UNAUTHORIZED', message: 'The session has ended.' })
      }
      return { ...base, who: { kind: 'wallet', address: session.address, sessionHash: session.hash } }
    }
    const hello = agentHello.safeParse(params)
    if (!hello.success) throw new TRPCError({ code: 'UNAUTHORIZED', message: 'Not an agent’s hello.' })
    const { agentId, owner } = await verifyAgent(db, { hello: hello.data, origins, now: new Date() })
    const linkId = `${instance}/${entry.id}`
    entry.agentId = agentId
    const link = {
      linkId,
      agentId,
      close: (code: number, reason: string) => entry.socket.close(code, reason),
    }
    links.add(link)
    entry.socket.once('close', () => {
      links.remove(link)
      const noting = noteDisconnected(db, { agentId, owner, instance: linkId, now: new Date() })
        .then(
          () => {},
          () => {},
        )
        .finally(() => leaving.delete(noting))
      leaving.add(noting)
    })
    // from here on a revocation finds this socket; one that came before is seen in the row
    if (!(await noteConnected(db, { agentId, owner, instance: linkId, now: new Date() }))) throw revoked()
    if (entry.socket.readyState > 1)
      await noteDisconnected(db, { agentId, owner, instance: linkId, now: new Date() })
    return { ...base, who: { kind: 'agent', agentId, owner, linkId } }
  }

  const accept = (
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    entry: Omit<Held, 'socket' | 'guard'>,
  ) =>
    wss.handleUpgrade(request, socket, head, (client) => {
      const guard = guardSocket(client, entry.id, messages)
      held.set(client, { ...entry, socket: client, guard })
      client.once('close', () => {
        held.delete(client)
        clearTimeout(expiry)
      })
      const left = entry.session ? entry.session.expiresAt.getTime() - Date.now() : null
      const expiry =
        left === null
          ? undefined
          : setTimeout(() => client.close(...CLOSE.sessionEnded), Math.min(left, 2 ** 31 - 1))
      expiry?.unref()
      connection(client, request)
    })

  const stops = [
    await db.listen(SESSION_ENDED_CHANNEL, (hash) => {
      for (const { session, socket } of held.values()) {
        if (session && session.hash === hash) socket.close(...CLOSE.sessionEnded)
      }
    }),
    await db.listen(AGENT_REVOKED_CHANNEL, (agentId) => {
      for (const entry of held.values()) {
        if (entry.agentId !== undefined && entry.agentId === agentId) entry.socket.close(...CLOSE.revoked)
      }
    }),
  ]

  return {
    get size() {
      return held.size
    },
    upgrade(request, socket, head) {
      if (!isOurs(request.url)) return false
      socket.on('error', () => socket.destroy())
      const remote = remoteAddress(request, env.trustProxy)
      const { origin, cookie } = request.headers
      const browser = origin !== undefined
      if (browser && !origins.includes(origin)) return refuse(socket, 403)
      if (!browser && cookie !== undefined) return refuse(socket, 403)
      if (!attempts[browser ? 'browser' : 'agent'].take(remote)) return refuse(socket, 429)
      // agents behind one address may be many: they are limited by their keys
      const here = [...held.values()].filter(
        (entry) => entry.remote === remote && entry.browser === browser && entry.agentId === undefined,
      )
      if (here.length >= (browser ? BROWSERS_PER_ADDRESS : STRANGERS_PER_ADDRESS)) return refuse(socket, 429)
      const base = { id: randomUUID(), remote, browser }
      if (!browser) {
        accept(request, socket, head, { ...base, session: null })
        return true
      }
      sessionOfCookie(db, { cookie, origin: services.origin, now: new Date() }).then(
        (session) => {
          const same = session && [...held.values()].filter((entry) => entry.session?.hash === session.hash)
          if (same && same.length >= PER_SESSION) refuse(socket, 429)
          else if (!socket.destroyed) accept(request, socket, head, { ...base, session })
        },
        () => refuse(socket, 503),
      )
      return true
    },
    async close() {
      for (const stop of stops) await stop()
      for (const { socket } of held.values()) socket.close(...CLOSE.goingAway)
      const deadline = Date.now() + 1_000
      while (held.size > 0 && Date.now() < deadline) await new Promise((done) => setTimeout(done, 20))
      for (const { socket } of held.values()) socket.terminate()
      await new Promise((done) => setImmediate(done))
      await Promise.all(leaving)
      wss.close()
    },
  }
}

/** Exactly our path, with tRPC's word that a hello comes first. */
function isOurs(url: string | undefined): boolean {
  const [path, query = ''] = (url ?? '').split('?', 2)
  return path === PATH && new URLSearchParams(query).get('connectionParams') === '1'
}

function refuse(socket: Duplex, status: number): true {
  const words: Record<number, string> = {
    403: 'Forbidden',
    429: 'Too Many Requests',
    503: 'Service Unavailable',
  }
  socket.end(
    `HTTP/1.1 ${status} ${words[status] ?? 'Refused'}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`,
  )
  return true
}
