import { type RetentionPolicy, retentionPolicy } from '@dmc/core/schedule/retention'
import { scheduleRule } from '@dmc/core/schedule/schedule-rule'
import type { listJobs, listSchedules, listSectors, listSources } from '@dmc/db/agents/reported'

type Source = Awaited<ReturnType<typeof listSources>>[number]
type Sector = Awaited<ReturnType<typeof listSectors>>[number]
type Schedule = Awaited<ReturnType<typeof listSchedules>>[number]
type Job = Awaited<ReturnType<typeof listJobs>>[number]

/** A JSON list of ids of the chain, as bigints. */
const ids = (value: unknown): bigint[] =>
  Array.isArray(value)
    ? value.filter((id) => /^\d{1,19}$/.test(String(id))).map((id) => BigInt(String(id)))
    : []

/** A source's schedule as a rule with its runs; null when it is backed up by hand only. */
function scheduleOf(row: Schedule | undefined) {
  const rule = scheduleRule.safeParse(row && { kind: row.kind, spec: row.spec, timeZone: row.timeZone })
  if (!row || !rule.success) return null
  const { nextRunAt, lastRunAt, lastOutcome, lastNote, missedRuns } = row
  return { rule: rule.data, nextRunAt, lastRunAt, lastOutcome, lastNote, missedRuns }
}

function retentionOf(row: Schedule | undefined): RetentionPolicy | null {
  if (!row?.keepZone) return null
  const numbers = {
    last: row.keepLast,
    daily: row.keepDaily,
    weekly: row.keepWeekly,
    monthly: row.keepMonthly,
  }
  const given = Object.entries(numbers).filter(([, count]) => count !== null)
  return retentionPolicy.safeParse({ ...Object.fromEntries(given), timeZone: row.keepZone }).data ?? null
}

/** A source with the job that works on it now, and its schedule. */
export function sourceRow(source: Source, jobs: readonly Job[], schedules: readonly Schedule[]) {
  const { agent, orders, excludes, progress: _progress, ...row } = source
  const schedule = schedules.find(
    (each) => each.sourceId === source.sourceId && each.agentId === source.agentId,
  )
  const running = jobs.find(
    (job) => job.sourceId === source.sourceId && job.agentId === source.agentId && job.finishedAt === null,
  )
  return {
    ...row,
    orders: ids(orders),
    excludes: Array.isArray(excludes) ? excludes.map(String) : [],
    schedule: scheduleOf(schedule),
    retention: retentionOf(schedule),
    agentName: agent.name,
    online: agent.connectedAt !== null,
    job: running ?? null,
  }
}

export function sectorRow(sector: Sector) {
  const { agent, bills, ...row } = sector
  return { ...row, bills: ids(bills), agentName: agent.name, online: agent.connectedAt !== null }
}
