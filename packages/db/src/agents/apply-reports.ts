import type { ReportBatch } from '@dmc/core/dashboard/reports'
import { DmcError } from '@dmc/core/errors/dmc-error'
import { noteChanges } from '../changes/note-changes.ts'
import { GATHER_MS, Groups, perDatabase } from '../groups.ts'
import type { Database, Queries } from '../open-database.ts'
import {
  cutAnswers,
  cutJobs,
  cutJournals,
  cutProofDays,
  type Kept,
  LIMITED,
  makeRoom,
  mayBeginAnew,
} from './report-limits.ts'
import { type JsonRow, jsonText, ReportRows } from './report-rows.ts'

export interface Reported extends ReportBatch {
  agentId: string
  owner: string
  now: Date
}

/**
 * The number up to which everything is in the database, and what there was no room for; null when there is no such agent of this
 * wallet any more.
 */
export type Applied = { lastSeq: bigint; applied: number; full?: Kept[] } | null

/** Batches in one transaction: enough that the cost of a transaction vanishes, few enough that nobody else waits long. */
const MOST_BATCHES = 128

const groupsOf = perDatabase(
  (db) =>
    new Groups<Reported, Applied | DmcError>({
      run: (batches) => applyGroup(db, batches),
      key: ({ agentId }) => agentId,
      most: MOST_BATCHES,
      everyMs: GATHER_MS,
    }),
)

/**
 * Applies what an agent reports, each number once and in order: all of it with the new last number, or nothing. What comes a
 * second time is passed over, and so is what an agent has too many of. Agents that report at the same time share a transaction;
 * each is answered after the commit.
 * @throws TOO_MANY_REQUESTS when it began anew too often
 */
export async function applyReports(db: Database, batch: Reported): Promise<Applied> {
  const applied = await groupsOf(db).add(batch)
  if (DmcError.is(applied)) throw applied
  return applied
}

interface AgentRow {
  id: string
  owner: string
  lastSeq: bigint
  reportEpoch: string | null
}

/** Batches of different agents, in one transaction and in a number of statements that does not depend on how many they are. */
async function applyGroup(db: Database, batches: readonly Reported[]): Promise<(Applied | DmcError)[]> {
  return db.transaction(async (tx) => {
    // in the order of their ids: two groups of two processes don't wait for each other in a circle
    const found = await tx.$queryRaw<AgentRow[]>`
      SELECT id, owner, "lastSeq", "reportEpoch" FROM agents
      WHERE id = ANY(${batches.map(({ agentId }) => agentId)}::text[]) AND "revokedAt" IS NULL
      ORDER BY id FOR UPDATE`
    const agents = new Map(found.map((row) => [row.id, row]))
    const rows = new ReportRows()
    const anew: string[] = []
    const marks: JsonRow[] = []
    const tooOften = await refusedEpochs(tx, batches, agents)
    const results = batches.map(({ agentId, owner, epoch, reports, now }): Applied | DmcError => {
      const agent = agents.get(agentId)
      // paired anew under another wallet meanwhile: what the old connection says is not the new owner's
      if (!agent || agent.owner.toLowerCase() !== owner.toLowerCase()) return null
      const refusal = tooOften.get(agentId)
      if (refusal) return refusal
      let { lastSeq } = agent
      if (agent.reportEpoch !== epoch) {
        // another store on that host: its numbers start again, and its journal's too
        lastSeq = 0n
        anew.push(agentId)
      }
      const by = { agentId, owner: agent.owner, now: now.toISOString() }
      const fresh = reports.filter(({ seq }) => seq > lastSeq).sort((a, b) => (a.seq < b.seq ? -1 : 1))
      for (const { seq, report } of fresh) {
        lastSeq = seq
        rows.add(by, report)
      }
      marks.push({
        id: agentId,
        lastSeq,
        reportEpoch: epoch,
        lastSeenAt: by.now,
        ...rows.hosts.get(agentId),
      })
      return { lastSeq, applied: fresh.length }
    })
    if (marks.length === 0) return results
    if (anew.length > 0) {
      await tx.$executeRaw`UPDATE journal SET seq = NULL WHERE "agentId" = ANY(${anew}::text[])`
    }
    const full = await write(db, tx, rows)
    await markAgents(tx, marks)
    await noteChanges(tx, [...rows.changes.values()])
    return results.map((result, i) => {
      const kinds = full.get(batches[i]?.agentId ?? '')
      return result === null || DmcError.is(result) || !kinds ? result : { ...result, full: [...kinds] }
    })
  })
}

/** Agents that come with another store than before, once too often. */
async function refusedEpochs(
  tx: Queries,
  batches: readonly Reported[],
  agents: ReadonlyMap<string, AgentRow>,
): Promise<Map<string, DmcError>> {
  const refused = new Map<string, DmcError>()
  for (const { agentId, epoch, now } of batches) {
    const agent = agents.get(agentId)
    if (!agent || agent.reportEpoch === epoch) continue
    const refusal = await mayBeginAnew(tx, agentId, now)
    if (refusal) refused.set(agentId, refusal)
  }
  return refused
}

/** @returns by agent: the kinds of things that there was no room for */
async function write(db: Database, tx: Queries, rows: ReportRows): Promise<Map<string, Set<Kept>>> {
  const full = new Map<string, Set<Kept>>()
  for (const [table, kind] of LIMITED) {
    const out = await makeRoom(tx, { table, kind, rows: rows.upserts[table] }, full)
    if (table === 'sources') for (const key of out) rows.upserts.schedules.delete(key)
  }
  for (const [table, changed] of Object.entries(rows.upserts)) {
    if (changed.size === 0) continue
    await tx.$executeRawUnsafe(UPSERTS[table as keyof typeof TABLES], jsonText([...changed.values()]))
  }
  if (rows.forgotten.size > 0) {
    // all else about them stands as it was
    await tx.$executeRaw`
      UPDATE snapshots AS s SET forgotten = true
      FROM jsonb_to_recordset(${jsonText([...rows.forgotten.values()])}::jsonb) AS r(
        "agentId" text, "sourceId" text, "snapshotId" text)
      WHERE s."agentId" = r."agentId" AND s."sourceId" = r."sourceId" AND s."snapshotId" = r."snapshotId"`
  }
  await cutJobs(tx, rows.agentsOf('jobs'))
  await cutProofDays(db, tx, [...rows.upserts.proof_days.values()])
  await cutAnswers(tx, rows.agentsOf('answers'))
  if (rows.journal.length > 0) {
    await tx.$executeRaw`
      INSERT INTO journal (owner, "agentId", seq, time, level, event, subject, message, data)
      SELECT * FROM jsonb_to_recordset(${jsonText(rows.journal)}::jsonb) AS r(
        owner text, "agentId" text, seq bigint, time timestamptz, level "Level", event text, subject text,
        message text, data jsonb)
      ON CONFLICT DO NOTHING`
    await cutJournals(db, tx, rows.journal)
  }
  if (rows.commands.size > 0) {
    await tx.$executeRaw`
      UPDATE commands AS c SET state = r.state, "finishedAt" = now(),
        result = COALESCE(r.result, c.result), error = COALESCE(r.error, c.error)
      FROM jsonb_to_recordset(${jsonText([...rows.commands.values()])}::jsonb) AS r(
        "agentId" text, id bigint, state "CommandState", result jsonb, error jsonb)
      WHERE c.id = r.id AND c."agentId" = r."agentId" AND c.state IN ('queued', 'delivered', 'expired')`
  }
  return full
}

/** How far each agent is; and what its host says of itself, when it said something. */
async function markAgents(tx: Queries, marks: JsonRow[]): Promise<void> {
  await tx.$executeRaw`
    UPDATE agents AS a SET "lastSeq" = r."lastSeq", "reportEpoch" = r."reportEpoch", "lastSeenAt" = r."lastSeenAt",
      "hostName" = COALESCE(r."hostName", a."hostName"), os = COALESCE(r.os, a.os),
      arch = COALESCE(r.arch, a.arch), version = COALESCE(r.version, a.version),
      roles = COALESCE(r.roles, a.roles), state = COALESCE(r.state, a.state)
    FROM jsonb_to_recordset(${jsonText(marks)}::jsonb) AS r(
      id text, "lastSeq" bigint, "reportEpoch" text, "lastSeenAt" timestamptz, "hostName" text, os text,
      arch text, version text, roles text[], state jsonb)
    WHERE a.id = r.id`
}

interface Table {
  key: readonly string[]
  columns: Readonly<Record<string, string>>
  /** Written with the first report only. */
  once?: readonly string[]
  /** Null leaves what is there. */
  kept?: readonly string[]
}

const MINE = { agentId: 'text', owner: 'text' }

const TABLES = {
  sources: {
    key: ['agentId', 'sourceId'],
    columns: {
      ...MINE,
      sourceId: 'text',
      name: 'text',
      path: 'text',
      state: '"SourceState"',
      excludes: 'jsonb',
      excluded: 'bigint',
      files: 'bigint',
      bytes: 'bigint',
      orders: 'jsonb',
      snapshots: 'int',
      lastSnapshotAt: 'timestamptz',
      createdAt: 'timestamptz',
      updatedAt: 'timestamptz',
      removedAt: 'timestamptz',
    },
    once: ['createdAt'],
  },
  sectors: {
    key: ['agentId', 'sectorId'],
    columns: {
      ...MINE,
      sectorId: 'text',
      path: 'text',
      state: '"SectorState"',
      size: 'bigint',
      used: 'bigint',
      free: 'bigint',
      diskFree: 'bigint',
      mounted: 'boolean',
      bills: 'jsonb',
      orders: 'int',
      createdAt: 'timestamptz',
      updatedAt: 'timestamptz',
      removedAt: 'timestamptz',
    },
    once: ['createdAt'],
  },
  snapshots: {
    key: ['agentId', 'sourceId', 'snapshotId'],
    columns: {
      ...MINE,
      sourceId: 'text',
      snapshotId: 'text',
      takenAt: 'timestamptz',
      files: 'bigint',
      bytes: 'bigint',
      addedBytes: 'bigint',
      partial: 'boolean',
      unreadable: 'int',
      orders: 'jsonb',
      durable: 'boolean',
      forgotten: 'boolean',
    },
  },
  schedules: {
    key: ['agentId', 'sourceId'],
    columns: {
      ...MINE,
      sourceId: 'text',
      kind: 'text',
      spec: 'text',
      timeZone: 'text',
      enabled: 'boolean',
      keepLast: 'int',
      keepDaily: 'int',
      keepWeekly: 'int',
      keepMonthly: 'int',
      keepZone: 'text',
      nextRunAt: 'timestamptz',
      lastRunAt: 'timestamptz',
      lastOutcome: 'text',
      lastNote: 'text',
      missedRuns: 'int',
      updatedAt: 'timestamptz',
    },
  },
  contracts: {
    key: ['agentId', 'orderId'],
    columns: {
      ...MINE,
      orderId: 'bigint',
      role: 'text',
      state: '"ContractState"',
      sourceId: 'text',
      sectorId: 'text',
      updatedAt: 'timestamptz',
    },
  },
  jobs: {
    key: ['agentId', 'jobId'],
    columns: {
      ...MINE,
      jobId: 'text',
      kind: 'text',
      subject: 'text',
      state: '"JobState"',
      stage: 'text',
      sourceId: 'text',
      commandId: 'bigint',
      done: 'bigint',
      total: 'bigint',
      rate: 'double precision',
      note: 'text',
      result: 'jsonb',
      error: 'jsonb',
      startedAt: 'timestamptz',
      updatedAt: 'timestamptz',
      finishedAt: 'timestamptz',
    },
    kept: ['result', 'error'],
  },
  proofs: {
    key: ['agentId', 'orderId'],
    columns: {
      ...MINE,
      orderId: 'bigint',
      role: 'text',
      checksPerDay: 'int',
      leavesPerCheck: 'int',
      lastProvenAt: 'timestamptz',
      lastOutcome: 'text',
      lastAt: 'timestamptz',
      lastLatencyMs: 'int',
      nextAt: 'timestamptz',
      probesLeft: 'int',
      policy: 'text',
      escalation: 'jsonb',
      removed: 'boolean',
      updatedAt: 'timestamptz',
    },
  },
  proof_days: {
    key: ['agentId', 'orderId', 'day'],
    columns: {
      ...MINE,
      orderId: 'bigint',
      day: 'int',
      passed: 'int',
      wrong: 'int',
      refused: 'int',
      offline: 'int',
      unknown: 'int',
      leaves: 'bigint',
      bytes: 'bigint',
      medianMs: 'int',
      maxMs: 'int',
    },
  },
  answers: {
    key: ['agentId', 'orderId', 'leaf'],
    columns: {
      ...MINE,
      orderId: 'bigint',
      leaf: 'bigint',
      deadline: 'bigint',
      state: 'text',
      attempts: 'int',
      hash: 'text',
      error: 'jsonb',
      updatedAt: 'timestamptz',
    },
  },
} as const satisfies Record<keyof ReportRows['upserts'], Table>

/** `$1`: the rows as a JSON list. Names and types are constants of this file. */
function upsertOf(name: string, { key, columns, once = [], kept = [] }: Table): string {
  const names = Object.keys(columns)
  const quoted = names.map((column) => `"${column}"`).join(', ')
  const typed = Object.entries(columns).map(([column, type]) => `"${column}" ${type}`)
  const sets = names
    .filter((column) => !key.includes(column) && !once.includes(column))
    .map((column) =>
      kept.includes(column)
        ? `"${column}" = COALESCE(EXCLUDED."${column}", t."${column}")`
        : `"${column}" = EXCLUDED."${column}"`,
    )
  return `INSERT INTO "${name}" AS t (${quoted})
    SELECT ${quoted} FROM jsonb_to_recordset($1::jsonb) AS r(${typed.join(', ')})
    ON CONFLICT (${key.map((column) => `"${column}"`).join(', ')}) DO UPDATE SET ${sets.join(', ')}`
}

const UPSERTS = Object.fromEntries(
  Object.entries(TABLES).map(([name, table]) => [name, upsertOf(name, table)]),
) as Record<keyof typeof TABLES, string>
