import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import type { WebEnv } from '../env.ts'
import { createBalanceReader } from './alerts/balances.ts'
import { createCourier } from './alerts/courier.ts'
import { startAlerts } from './alerts/start-alerts.ts'
import { httpContext, type Pages, requestHandler } from './http/handle-request.ts'
import './in-process.ts'
import { startIndexer } from './indexer/start-indexer.ts'
import { keepTidy } from './keep-tidy.ts'
import { createSocketServer } from './live/socket-server.ts'
import { openServices } from './open-services.ts'
import { createCaller } from './router.ts'
import type { Services } from './services.ts'

export interface WebServer {
  /** As on this machine. */
  url: string
  /** As people reach it. */
  origin: string
  port: number
  services: Services
  close(): Promise<void>
}

export interface StartOptions {
  /** Renders pages; the API works without. */
  pages?: Pages
  /** Development only: takes upgrades that are not ours (reloads). In production every other upgrade is refused. */
  otherUpgrades?: (request: import('node:http').IncomingMessage, socket: Duplex, head: Buffer) => void
}

/** Pages, API and sockets on one port. @throws WRONG_CHAIN, DATABASE_*, and what listening throws */
export async function startServer(env: WebEnv, options: StartOptions = {}): Promise<WebServer> {
  let handler: ReturnType<typeof requestHandler> | null = null
  const server = createServer({ maxHeaderSize: 16 * 1024 }, (request, response) => {
    if (handler) return handler(request, response)
    response.statusCode = 503
    response.setHeader('Retry-After', '1')
    response.end()
  })
  server.headersTimeout = 10_000
  server.requestTimeout = 30_000
  // longer than proxies keep theirs (60 s is usual), so that none sends a request into a connection that is just being closed
  server.keepAliveTimeout = 65_000
  server.maxRequestsPerSocket = 10_000
  const port = await listen(server, env)
  const url = `http://${hostInUrl(env.host)}:${port}`
  const origins = originsOf(env, port)
  try {
    const services = await openServices(env, origins)
    const sockets = await createSocketServer(services)
    const tidy = keepTidy(services)
    const indexer = startIndexer({
      db: services.db,
      client: services.chain.client,
      chainId: env.chain.chainId,
      market: env.chain.market,
      onTrouble: (error) =>
        console.error(
          error ? `dashboard: indexer: ${error.message}` : 'dashboard: indexer: the chain is read again',
        ),
    })
    const { db, feed, chain, mailer, origin } = services
    const alerts = startAlerts({
      db,
      feed,
      balances: createBalanceReader(chain),
      courier: createCourier({ db, origin, mailer, allowPrivateWebhooks: env.privateWebhooks }),
      // on a devnet time is warped, and somebody is watching
      everyMs: env.chain.chainId === 31337 ? 3_000 : undefined,
    })
    handler = requestHandler(services, options.pages ?? noPages)
    server.on('upgrade', (request, socket, head) => {
      socket.on('error', () => socket.destroy())
      if (sockets.upgrade(request, socket, head)) return
      if (!env.production && options.otherUpgrades && request.url?.startsWith('/_next/')) {
        options.otherUpgrades(request, socket, head)
      } else socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
    })
    globalThis.dmcServer = {
      caller: async (cookie) =>
        createCaller(
          await httpContext(
            services,
            { headers: cookie === null ? {} : { cookie }, socket: {} } as never,
            null,
          ),
        ),
    }
    return {
      url,
      origin: services.origin,
      port,
      services,
      async close() {
        tidy.stop()
        server.close()
        server.closeIdleConnections()
        await sockets.close()
        await Promise.all([indexer.close(), alerts.close()])
        setTimeout(() => server.closeAllConnections(), 2_000).unref()
        await services.close()
        server.closeAllConnections()
      },
    }
  } catch (error) {
    server.close()
    throw error
  }
}

const noPages: Pages = (_request, response) => {
  response.statusCode = 404
  response.end()
}

function listen(server: Server, { host, port }: WebEnv): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve((server.address() as AddressInfo).port)
    })
  })
}

/** What is configured; else this machine's own names for the port. */
function originsOf({ origins, host }: WebEnv, port: number): [string, ...string[]] {
  const [first, ...more] = origins
  if (first !== undefined) return [first, ...more]
  const own = `http://${hostInUrl(host)}:${port}`
  const names = [`http://localhost:${port}`, `http://127.0.0.1:${port}`]
  return [own, ...names.filter((name) => name !== own)]
}

const hostInUrl = (host: string): string => {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1'
  return host.includes(':') ? `[${host}]` : host
}
