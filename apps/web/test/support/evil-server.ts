import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { initTRPC, tracked } from '@trpc/server'
import { nodeHTTPRequestHandler } from '@trpc/server/adapters/node-http'
import { applyWSSHandler } from '@trpc/server/adapters/ws'
import superjson from 'superjson'
import { type WebSocket, WebSocketServer } from 'ws'

export interface EvilServer {
  origin: string
  /** Every report that came, in order. */
  reports: { seq: bigint; report: Record<string, unknown> & { kind: string } }[]
  /** The hellos of agents: what it would relay. */
  hellos: Record<string, string>[]
  sockets: Set<WebSocket>
  /** What it says to a report; default: the truth. */
  acknowledge: (last: bigint) => unknown
  nonce: () => Promise<unknown> | unknown
  /** Sends anything as a command, to whoever listens now and later. */
  command(id: string, value: unknown): void
  /** Asks anything, and waits for what comes back. */
  ask(ask: unknown, timeoutMs?: number): Promise<{ answer: unknown; error: { code: string } | null }>
  close(): Promise<void>
}

/** A dashboard that speaks the wire and keeps none of its rules. */
export async function startEvilServer(): Promise<EvilServer> {
  const t = initTRPC.create({ transformer: superjson, isDev: false })
  const commands: { id: string; value: unknown }[] = []
  const asks: { askId: string; ask: unknown }[] = []
  const answers = new Map<string, (answer: { answer: unknown; error: { code: string } | null }) => void>()
  const wakes = new Set<() => void>()
  const wake = () => {
    for (const each of [...wakes]) each()
  }
  const anything = (value: unknown) => value as never
  async function* follow<T>(list: T[], signal: AbortSignal | undefined) {
    for (let at = 0; !signal?.aborted; ) {
      const next = list[at]
      if (next !== undefined) {
        at++
        yield next
      } else {
        await new Promise<void>((resolve) => {
          const done = () => {
            wakes.delete(done)
            resolve()
          }
          wakes.add(done)
          signal?.addEventListener('abort', done, { once: true })
        })
      }
    }
  }
  const evil: Omit<EvilServer, 'origin' | 'command' | 'ask' | 'close'> = {
    reports: [],
    hellos: [],
    sockets: new Set(),
    acknowledge: (last) => ({ lastSeq: last }),
    nonce: () => ({ nonce: `0x${'ab'.repeat(32)}` }),
  }
  const router = t.router({
    link: t.router({
      nonce: t.procedure.mutation(() => evil.nonce()),
      report: t.procedure.input(anything).mutation(({ input }) => {
        const { reports } = input as { reports: EvilServer['reports'] }
        evil.reports.push(...reports)
        return evil.acknowledge(reports.at(-1)?.seq ?? 0n)
      }),
      took: t.procedure.input(anything).mutation(() => ({})),
      commands: t.procedure.input(anything).subscription(async function* ({ signal }) {
        for await (const { id, value } of follow(commands, signal)) yield tracked(id, value)
      }),
      asks: t.procedure.subscription(({ signal }) => follow(asks, signal)),
      answer: t.procedure.input(anything).mutation(({ input }) => {
        const { askId, ...rest } = input as { askId: string; answer: unknown; error: { code: string } | null }
        answers.get(askId)?.(rest)
        return {}
      }),
    }),
  })
  const server: Server = createServer((req, res) => {
    const path = (req.url ?? '').split('?')[0]?.slice('/api/trpc/'.length) ?? ''
    void nodeHTTPRequestHandler({ router, path, req, res, createContext: async () => ({}) })
  })
  const wss = new WebSocketServer({ server, path: '/api/ws' })
  wss.on('connection', (socket) => {
    evil.sockets.add(socket)
    socket.once('close', () => evil.sockets.delete(socket))
  })
  applyWSSHandler({
    wss,
    router,
    createContext: async ({ info }) => {
      evil.hellos.push(info.connectionParams as Record<string, string>)
      return {}
    },
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
  const { port } = server.address() as AddressInfo
  return Object.assign(evil, {
    origin: `http://127.0.0.1:${port}`,
    command(id: string, value: unknown) {
      commands.push({ id, value })
      wake()
    },
    ask(ask: unknown, timeoutMs = 15_000) {
      const askId = crypto.randomUUID()
      return new Promise<{ answer: unknown; error: { code: string } | null }>((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error('no answer')), timeoutMs)
        answers.set(askId, (answer) => {
          clearTimeout(timer)
          resolve(answer)
        })
        asks.push({ askId, ask })
        wake()
      })
    },
    async close() {
      for (const socket of evil.sockets) socket.terminate()
      wss.close()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  })
}
