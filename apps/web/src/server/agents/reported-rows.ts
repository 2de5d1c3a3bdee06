import type { listJobs, listSectors, listSources } from '@dmc/db/agents/reported'

type Source = Awaited<ReturnType<typeof listSources>>[number]
type Sector = Awaited<ReturnType<typeof listSectors>>[number]
type Job = Awaited<ReturnType<typeof listJobs>>[number]

/** A JSON list of ids of the chain, as bigints. */
const ids = (value: unknown): bigint[] =>
  Array.isArray(value)
    ? value.filter((id) => /^\d{1,19}$/.test(String(id))).map((id) => BigInt(String(id)))
    : []

/** A source with the job that works on it now. */
export function sourceRow(source: Source, jobs: readonly Job[]) {
  const { agent, orders, progress: _progress, ...row } = source
  const running = jobs.find(
    (job) => job.sourceId === source.sourceId && job.agentId === source.agentId && job.finishedAt === null,
  )
  return {
    ...row,
    orders: ids(orders),
    agentName: agent.name,
    online: agent.connectedAt !== null,
    job: running ?? null,
  }
}

export function sectorRow(sector: Sector) {
  const { agent, bills, ...row } = sector
  return { ...row, bills: ids(bills), agentName: agent.name, online: agent.connectedAt !== null }
}
