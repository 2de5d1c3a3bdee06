import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { WebSocket } from 'ws'
import { measureAgentLoad } from '../apps/web/test/support/agent-load.ts'
import { NODE_FLAGS } from '../packages/testkit/src/node-flags.ts'
import { peakMib } from '../packages/testkit/src/peak-memory.ts'
import { percentile } from '../packages/testkit/src/simulation.ts'
import type { BenchDocument, BenchOptions } from './bench.ts'
import { cpuSeconds, median } from './measure.ts'

const AGENTS = 100
const EVERY_MS = 1_000
/** Seconds of each round. */
const SECONDS = 20
/** About what a report of one source takes. */
const REPORT_BYTES = 600

/**
 * Reports of a hundred agents, one a second each, over the real client and server (tRPC over WebSocket, signed in, numbered, kept in
 * PGlite) until they are acknowledged as kept; against bare WebSocket messages of that size that an echo server sends back and nobody keeps.
 */
export async function run(options: BenchOptions): Promise<BenchDocument> {
  const ours: Awaited<ReturnType<typeof measureAgentLoad>>[] = []
  const bare: Echoed[] = []
  for (let round = 0; round < options.rounds; round++) {
    const load = await measureAgentLoad(
      { reporting: AGENTS, everyMs: EVERY_MS, idle: 0, seconds: SECONDS, warmUpSeconds: 5 },
      () => {},
    )
    ours.push(load)
    const echo = await measureEcho()
    bare.push(echo)
    const { messages_per_s, p50_ms, p95_ms, cpu } = load
    console.error(`round ${round + 1}: dmc ${JSON.stringify({ messages_per_s, p50_ms, p95_ms, cpu })}`)
    console.error(`round ${round + 1}: bare ws ${JSON.stringify(echo)}`)
  }
  const of = (key: 'messages_per_s' | 'p50_ms' | 'p95_ms' | 'p99_ms' | 'cpu' | 'rss_mib') =>
    Number(median(ours.map((one) => one[key])).toFixed(2))
  const echo = (key: keyof Echoed) => Number(median(bare.map((one) => one[key])).toFixed(3))
  const lost = ours.flatMap((one) => one.lost).length
  return {
    bench: 'ws',
    data: 'reports',
    tier: '',
    inputs: {
      agents: AGENTS,
      every_ms: EVERY_MS,
      seconds: SECONDS,
      messages_per_s: of('messages_per_s'),
      p50_ms: of('p50_ms'),
      p99_ms: of('p99_ms'),
      bare_p95_ms: echo('p95_ms'),
      node: process.version,
    },
    rounds: options.rounds,
    // of the server alone; `wall_s` is the ninety-fifth percentile of one report, the peer's of one message
    ours: {
      wall_s: of('p95_ms') / 1000,
      cpu_s: of('cpu') * SECONDS,
      rss_mib: Math.round(of('rss_mib')),
      mib_s: 0,
    },
    peers: [
      {
        name: 'bare ws, echoed and not kept',
        version: null,
        wall_s: echo('p95_ms') / 1000,
        cpu_s: echo('cpu_s'),
        rss_mib: echo('rss_mib'),
        ratio: Number((echo('p95_ms') / of('p95_ms')).toFixed(3)),
      },
    ],
    figures: [
      { name: 'reports lost', value: lost, unit: '', limit: '0', ok: lost === 0 },
      {
        name: 'report until it is kept, p95',
        value: of('p95_ms'),
        unit: 'ms',
        limit: 'at most 500',
        ok: of('p95_ms') <= 500,
      },
    ],
  }
}

interface Echoed {
  p95_ms: number
  cpu_s: number
  rss_mib: number
}

/** The same number of messages over as many connections, spread over as long. */
async function measureEcho(): Promise<Echoed> {
  const script = fileURLToPath(new URL('./echo-server.ts', import.meta.url))
  const child = spawn(process.execPath, [...NODE_FLAGS, script], { stdio: ['pipe', 'pipe', 'inherit'] })
  try {
    let port = ''
    for await (const line of createInterface({ input: child.stdout })) {
      port = line
      break
    }
    const sockets = await Promise.all(
      Array.from({ length: AGENTS }, async () => {
        const socket = new WebSocket(`ws://127.0.0.1:${port}`)
        await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject))
        return socket
      }),
    )
    const report = Buffer.alloc(REPORT_BYTES, 'a')
    const took: number[] = []
    const before = cpuSeconds(child.pid ?? 0)
    await Promise.all(
      sockets.map(async (socket, i) => {
        await sleep((EVERY_MS * i) / AGENTS)
        for (let n = 0; n < (SECONDS * 1000) / EVERY_MS; n++) {
          const started = performance.now()
          const back = new Promise((resolve) => socket.once('message', resolve))
          socket.send(report)
          await back
          took.push(performance.now() - started)
          await sleep(Math.max(0, EVERY_MS - (performance.now() - started)))
        }
      }),
    )
    for (const socket of sockets) socket.terminate()
    return {
      p95_ms: percentile(took, 0.95),
      cpu_s: cpuSeconds(child.pid ?? 0) - before,
      rss_mib: peakMib(child.pid ?? 0),
    }
  } finally {
    child.stdin.end()
    child.kill()
  }
}
