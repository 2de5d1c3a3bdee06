import { rmSync } from 'node:fs'
import { signInMessage } from '@dmc/core/dashboard/sign-in'
import { emptyDatabaseFolder } from '@dmc/testkit/empty-database'
import { createTRPCClient, createWSClient, httpLink, wsLink } from '@trpc/client'
import superjson from 'superjson'
import type { LocalAccount } from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { WebSocket } from 'ws'
import type { WebEnv } from '../../src/env.ts'
import type { AppRouter } from '../../src/server/router.ts'
import { startServer, type WebServer } from '../../src/server/start-server.ts'

/** No chain stands there: what needs none must work without. */
export const NO_CHAIN = {
  rpcUrls: ['http://127.0.0.1:9'],
  chainId: 31337,
  market: '0x5FbDB2315678afecb367f032d93F642f64180aa3',
} as const

export interface TestEnv {
  port?: number
  folder?: string
  url?: string
  origins?: string[]
  smtp?: WebEnv['smtp']
  privateWebhooks?: boolean
  chain?: { rpcUrls: readonly string[]; chainId: number; market: `0x${string}` }
}

export function testEnv(of: TestEnv = {}): WebEnv {
  const chain = of.chain ?? NO_CHAIN
  return {
    host: '127.0.0.1',
    port: of.port ?? 0,
    origins: of.origins ?? [],
    production: true,
    database: { folder: of.folder, url: of.url },
    chain: {
      ...chain,
      rpcUrls: [...chain.rpcUrls],
      confirmations: 2,
      name: 'DMC devnet',
      explorerUrl: null,
      agentRpcUrls: [...chain.rpcUrls],
    },
    smtp: of.smtp ?? null,
    privateWebhooks: of.privateWebhooks ?? false,
    trustProxy: false,
  }
}

/** A real server on a free port, with a database of its own: where none is named, a new one that goes with the server. */
export async function startDashboard(of: TestEnv = {}): Promise<WebServer> {
  if (of.folder !== undefined || of.url !== undefined) return startServer(testEnv(of))
  const folder = await emptyDatabaseFolder()
  const server = await startServer(testEnv({ ...of, folder }))
  return {
    ...server,
    async close() {
      await server.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

export type Client = ReturnType<typeof httpClient>['api']

/** A browser without a page: keeps its cookie and says where it is from. */
export function httpClient(server: Pick<WebServer, 'url' | 'origin'>, headers: Record<string, string> = {}) {
  const jar = { cookie: '' }
  const api = createTRPCClient<AppRouter>({
    links: [
      httpLink({
        url: `${server.url}/api/trpc`,
        transformer: superjson,
        headers: () => ({
          origin: server.origin,
          ...(jar.cookie ? { cookie: jar.cookie } : {}),
          ...headers,
        }),
        fetch: async (input, init) => {
          const answer = await fetch(input as string, init as RequestInit)
          const set = answer.headers.get('set-cookie')
          if (set) jar.cookie = set.split(';')[0]?.replace(/=$/, '=') ?? ''
          return answer
        },
      }),
    ],
  })
  return { api, jar }
}

export interface SignedIn {
  account: LocalAccount
  api: Client
  jar: { cookie: string }
}

/** A new wallet that signs in as a person would. */
export async function signIn(
  server: WebServer,
  account: LocalAccount = privateKeyToAccount(generatePrivateKey()),
): Promise<SignedIn> {
  const { api, jar } = httpClient(server)
  const { nonce } = await api.auth.nonce.mutate()
  const message = signInMessage({
    origin: server.origin,
    address: account.address,
    chainId: server.services.env.chain.chainId,
    nonce,
    now: new Date(),
  })
  await api.auth.signIn.mutate({ message, signature: await account.signMessage({ message }) })
  return { account, api, jar }
}

/** A socket as a browser opens it. */
export function browserSocket(server: Pick<WebServer, 'port' | 'origin'>, cookie = '') {
  class Socket extends WebSocket {
    constructor(address: string | URL) {
      super(address, { headers: { origin: server.origin, ...(cookie ? { cookie } : {}) } })
    }
  }
  const client = createWSClient({
    url: `ws://127.0.0.1:${server.port}/api/ws`,
    WebSocket: Socket as never,
    connectionParams: async () => ({ kind: 'browser' }),
    retryDelayMs: () => 100,
  })
  const api = createTRPCClient<AppRouter>({ links: [wsLink({ client, transformer: superjson })] })
  return { api, client }
}

/** The DmcError code that a call is refused with. */
export async function refusal(call: Promise<unknown>): Promise<string> {
  try {
    await call
  } catch (error) {
    const data = (error as { data?: { dmc?: { code?: string } } }).data
    return data?.dmc?.code ?? `no code: ${String(error)}`
  }
  return 'not refused'
}
