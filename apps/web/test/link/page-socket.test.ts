import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { createTRPCClient, wsLink } from '@trpc/client'
import superjson from 'superjson'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { listenToFeed } from '../../src/lib/live-feed.ts'
import { openSocket } from '../../src/lib/open-socket.ts'
import { makePageApi } from '../../src/lib/page-api.ts'
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

/** A browser's WebSocket, as Node's own speaks like it, and all that were made of it. */
function browser() {
  const dialled: WebSocket[] = []
  class Browser extends WebSocket {
    constructor(url: string | URL) {
      super(url, { headers: { origin: server.origin, cookie } } as never)
      dialled.push(this)
    }
  }
  return { Browser, dialled }
}

/** A page's connection through the network. */
function page() {
  const { Browser, dialled } = browser()
  const { port } = network.address() as AddressInfo
  const client = openSocket(`ws://127.0.0.1:${port}/api/ws`, { Base: Browser })
  const api = createTRPCClient<AppRouter>({ links: [wsLink({ client, transformer: superjson })] })
  let heard = 0
  const feed = api.live.changes.subscribe({}, { onStarted: () => heard++, onError: () => {} })
  return {
    client,
    dialled: () => dialled.length,
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

it('an API that is made and thrown away opens no socket; one that is used opens one, until it is closed', async () => {
  const { Browser, dialled } = browser()
  const make = () => makePageApi(server.url, { onEnded: () => {}, Base: Browser })
  // as a browser does with a page whose scripts come slowly
  for (let i = 0; i < 50; i++) make()
  const api = make()
  await new Promise((resolve) => setTimeout(resolve, 500))
  expect(dialled.length).toBe(0)
  let heard = 0
  const listen = () => api.client.live.changes.subscribe({}, { onStarted: () => heard++, onError: () => {} })
  try {
    listen()
    expect(api.socket()).toBe(api.socket())
    await expect.poll(() => heard, { timeout: 10_000 }).toBe(1)
    expect(dialled.length).toBe(1)
    api.close()
    await expect.poll(() => dialled[0]?.readyState, { timeout: 5_000 }).toBe(WebSocket.CLOSED)
    // and not dialled again by itself
    await new Promise((resolve) => setTimeout(resolve, 2_000))
    expect(dialled.length).toBe(1)
    listen()
    await expect.poll(() => heard, { timeout: 10_000 }).toBe(2)
    expect(dialled.length).toBe(2)
  } finally {
    api.close()
  }
})

it('a feed whose socket dies while it is asked for is asked for again, until it is stopped', async () => {
  const { Browser, dialled } = browser()
  class Dies extends Browser {
    constructor(url: string | URL) {
      super(url)
      if (dialled.length === 1) this.addEventListener('open', () => this.close())
    }
  }
  const api = makePageApi(server.url, { onEnded: () => {}, Base: Dies })
  const heard: (readonly string[])[] = []
  const feed = listenToFeed(api.client, (topics) => heard.push(topics))
  try {
    await expect.poll(() => heard.length, { timeout: 15_000 }).toBeGreaterThan(0)
    // what changed meanwhile was told to nobody
    expect(heard[0]).toContain('*')
    expect(dialled.length).toBe(2)
    feed.stop()
    api.close()
    await new Promise((resolve) => setTimeout(resolve, 3_000))
    expect(dialled.length).toBe(2)
  } finally {
    feed.stop()
    api.close()
  }
})
