import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openDatabase } from '@dmc/db/open-database'
import { freePort } from '@dmc/testkit/free-port'
import { pairSimulated, percentile, Simulation } from '@dmc/testkit/simulation'
import { NO_CHAIN } from './dashboard.ts'
import { ServerProcess } from './server-process.ts'

const OWNER = '0x90F79bf6EB2c4f870365E785982E1f101E93b906'
const SEED = 'load'

export interface AgentLoad {
  /** Agents that report, every so often; and agents that only say once a minute what they are. */
  reporting: number
  everyMs: number
  idle: number
  /** How long it is measured, after everybody is connected and some time to warm up. */
  seconds: number
  warmUpSeconds: number
  /** postgresql://…; default: PGlite in a folder. */
  url?: string
}

export interface AgentLoadMeasured {
  connect_s: number
  messages_per_s: number
  /** From an agent's report to the acknowledgement that follows its commit. */
  p50_ms: number
  p95_ms: number
  p99_ms: number
  /** Things that agents reported and the database does not have as it must. */
  lost: string[]
  /** Of the server: CPU seconds a second; memory at the end, MiB, and how it grew, MiB in ten minutes. */
  cpu: number
  rss_mib: number
  growth_mib: number
  /** After the server was killed and started again, until the last agent was back: from the start of the new one. */
  reconnect_s: number
  /** Connections that were taken beyond one for each agent and start. */
  extra_connections: number
}

/**
 * A dashboard as in production, with simulated agents in a process beside it: they connect, report for a while, the server is killed
 * and started again, they come back; then the database is compared with what they had reported.
 */
export async function measureAgentLoad(
  load: AgentLoad,
  say: (line: string) => void = () => {},
): Promise<AgentLoadMeasured> {
  const folder = mkdtempSync(join(tmpdir(), 'dmc-load-'))
  const where = load.url === undefined ? { folder } : { url: load.url }
  const count = load.reporting + load.idle
  const db = await openDatabase(where)
  await pairSimulated(db, { seed: SEED, from: 0, count, owner: OWNER })
  await db.close()
  const server = new ServerProcess({
    PORT: String(await freePort()),
    DMC_WEB_DATA: folder,
    ...(load.url === undefined ? {} : { DATABASE_URL: load.url }),
    DMC_RPC_URLS: NO_CHAIN.rpcUrls.join(),
    DMC_CHAIN_ID: String(NO_CHAIN.chainId),
    DMC_MARKET: NO_CHAIN.market,
  })
  await server.start()
  let agents: Simulation | null = null
  try {
    const begun = performance.now()
    agents = new Simulation({
      origin: server.address.origin,
      seed: SEED,
      from: 0,
      count,
      reporting: load.reporting,
      everyMs: load.everyMs,
      hostEveryMs: 60_000,
    })
    await agents.until('all connected', ({ open }) => open === count, 120_000)
    const connect_s = (performance.now() - begun) / 1000
    say(`${count} agents connected in ${connect_s.toFixed(1)} s`)
    await pause(load.warmUpSeconds)
    agents.forget()
    const before = { ...agents.last, cpu: cpuSeconds(server.pid), at: performance.now() }
    const memory: [at: number, mib: number][] = []
    while (performance.now() - before.at < load.seconds * 1000) {
      await pause(1)
      memory.push([(performance.now() - before.at) / 1000, rssMib(server.pid)])
      if (memory.length % 15 === 0)
        say(
          `${memory.length} s: ${agents.last.acknowledged} of ${agents.last.reported} kept, p95 ${percentile(agents.delays, 0.95).toFixed(0)} ms, ${memory.at(-1)?.[1].toFixed(0)} MiB`,
        )
    }
    const seconds = (performance.now() - before.at) / 1000
    const acknowledged = agents.last.acknowledged - before.acknowledged
    const delays = [...agents.delays]
    const cpu = (cpuSeconds(server.pid) - before.cpu) / seconds

    const openedBefore = agents.last.opened
    await server.stop('SIGKILL')
    const current = agents
    await agents.until('the loss is noticed', ({ open }) => open === 0, 30_000)
    await server.start()
    const reconnect_s = (await current.until('all back', ({ open }) => open === count, 120_000)) / 1000
    say(`all back ${reconnect_s.toFixed(1)} s after the server was`)
    const extra_connections = agents.last.opened - openedBefore - count
    agents.quiet()
    await agents.until('everything told', (now) => now.acknowledged >= now.reported, 60_000)
    const hosts = await agents.stop()
    await server.stop('SIGTERM')
    return {
      connect_s,
      messages_per_s: acknowledged / seconds,
      p50_ms: percentile(delays, 0.5),
      p95_ms: percentile(delays, 0.95),
      p99_ms: percentile(delays, 0.99),
      lost:
        hosts.length === count ? await findLost(where, hosts) : ['the agents did not say how far they are'],
      cpu,
      rss_mib: memory.at(-1)?.[1] ?? 0,
      growth_mib: slope(memory) * 600,
      reconnect_s,
      extra_connections,
    }
  } finally {
    await agents?.stop()
    await server.stop('SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Compares the rows with what was reported: last numbers, the job's state, and every line of the journal once. */
async function findLost(
  where: { folder?: string; url?: string },
  hosts: { agentId: string; seq: number; ticks: number; entries: number }[],
): Promise<string[]> {
  const db = await openDatabase(where)
  try {
    const agents = new Map((await db.prisma.agent.findMany()).map((row) => [row.id, row]))
    const jobs = new Map((await db.prisma.job.findMany()).map((row) => [row.agentId, row]))
    const journal = await db.prisma.journalEntry.groupBy({
      by: ['agentId'],
      _count: true,
      _max: { seq: true },
    })
    const entries = new Map(journal.map((row) => [row.agentId, row]))
    const wrong: string[] = []
    for (const { agentId, seq, ticks, entries: written } of hosts) {
      const is = [
        Number(agents.get(agentId)?.lastSeq ?? -1n),
        Number(jobs.get(agentId)?.done ?? 0n),
        entries.get(agentId)?._count ?? 0,
        Number(entries.get(agentId)?._max.seq ?? 0n),
      ]
      const must = [seq, ticks, written, written]
      if (String(is) !== String(must)) wrong.push(`${agentId}: has ${is}, must have ${must}`)
    }
    return wrong
  } finally {
    await db.close()
  }
}

const pause = (seconds: number) => new Promise((resolve) => setTimeout(resolve, seconds * 1000))

function rssMib(pid: number): number {
  const match = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
  return Number(match?.[1] ?? 0) / 1024
}

function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / 100
}

/** Least squares: how much it grows in a second. */
function slope(points: readonly [number, number][]): number {
  const n = points.length
  const mean = (of: 0 | 1) => points.reduce((all, point) => all + point[of], 0) / Math.max(n, 1)
  const [x, y] = [mean(0), mean(1)]
  const above = points.reduce((all, [a, b]) => all + (a - x) * (b - y), 0)
  const below = points.reduce((all, [a]) => all + (a - x) ** 2, 0)
  return below === 0 ? 0 : above / below
}
