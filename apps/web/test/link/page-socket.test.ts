import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { createTRPCClient, wsLink } from '@trpc/client'
import superjson from 'superjson'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { openSocket } from '../../src/lib/open-socket.ts'
import type { AppRouter } from '../../src/server/router.ts'
import type { WebServer } from '../../src/server/start-server.ts'
import { signIn, startDashboard } from '../support/dashboard.ts'

let server: WebServer
let cookie: string
let network: Server
/** Sockets of the way in between; what comes for a swallowed one goes nowhere, and nobody is told. */
const ways = new Set<{ swallowed: boolean }>()
const open: Socket[] = []
let swallowing = false

beforeAll(async () => {
  server = await startDashboard()
  cookie = (await signIn(server)).jar.cookie
  network = createServer((page) => {
    const way = { swallowed: swallowing }
    ways.add(way)
    const dashboard = connect(server.port, '127.0.0.1')
    open.push(page, dashboard)
    for (const [from, to] of [
      [page, dashboard],
      [dashboard, page],
    ] as const) {
      from.on('data', (data) => way.swallowed || to.write(data))
      from.on('close', () => way.swallowed || to.destroy())
      from.on('error', () => {})
    }
  })
  await new Promise<void>((resolve) => network.listen(0, '127.0.0.1', resolve))
})
afterEach(() => {
  swallowing = false
  ways.clear()
})
afterAll(async () => {
  for (const socket of open) socket.destroy()
  network.close()
  await server.close()
})

/** A page's connection through the network; Node's own WebSocket speaks as a browser's does. */
function page() {
  let dialled = 0
  class Browser extends WebSocket {
    constructor(url: string | URL) {
      super(url, { headers: { origin: server.origin, cookie } } as never)
      dialled++
    }
  }
  const { port } = network.address() as AddressInfo
  const client = openSocket(`ws://127.0.0.1:${port}/api/ws`, { Base: Browser })
  const api = createTRPCClient<AppRouter>({ links: [wsLink({ client, transformer: superjson })] })
  let heard = 0
  const feed = api.live.changes.subscribe({}, { onStarted: () => heard++, onError: () => {} })
  return {
    client,
    dialled: () => dialled,
    heard: () => heard,
    state: () => client.connectionState.get().state,
    async close() {
      feed.unsubscribe()
      await client.close()
    },
  }
}

it('a dial that nobody answers is given up, and the next one is heard', async () => {
  swallowing = true
  const { client, dialled, heard, state, close } = page()
  try {
    await expect.poll(() => ways.size, { timeout: 5_000 }).toBe(1)
    swallowing = false
    await expect.poll(heard, { timeout: 15_000 }).toBe(1)
    expect([dialled(), state()]).toEqual([2, 'pending'])
    // and the good one stays
    const states: string[] = []
    const watching = client.connectionState.subscribe({ next: (now) => states.push(now.state) })
    await new Promise((resolve) => setTimeout(resolve, 8_000))
    watching.unsubscribe()
    expect(states.slice(1)).toEqual([])
    expect(dialled()).toBe(2)
  } finally {
    await close()
  }
})

it('a connection that falls silent is given up after one ping, though no goodbye comes', async () => {
  const { dialled, heard, state, close } = page()
  try {
    await expect.poll(heard, { timeout: 10_000 }).toBe(1)
    for (const way of ways) way.swallowed = true
    // 5 s to the ping, 5 s for its answer, 2 s for the goodbye, and the dial
    await expect.poll(heard, { timeout: 18_000 }).toBe(2)
    expect([dialled(), state()]).toEqual([2, 'pending'])
  } finally {
    await close()
  }
})
