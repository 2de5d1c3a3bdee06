import type { ReportBatch } from '@dmc/core/dashboard/reports'
import { noteChanges } from '../changes/note-changes.ts'
import { GATHER_MS, Groups, perDatabase } from '../groups.ts'
import type { Database, Queries } from '../open-database.ts'
import { type JsonRow, jsonText, ReportRows } from './report-rows.ts'

export interface Reported extends ReportBatch {
  agentId: string
  owner: string
  now: Date
}

/** The number up to which everything is in the database; null when there is no such agent of this wallet any more. */
export type Applied = { lastSeq: bigint; applied: number } | null

/** Batches in one transaction: enough that the cost of a transaction vanishes, few enough that nobody else waits long. */
const MOST_BATCHES = 128

const groupsOf = perDatabase(
  (db) =>
    new Groups<Reported, Applied>({
      run: (batches) => applyGroup(db, batches),
      key: ({ agentId }) => agentId,
      most: MOST_BATCHES,
      everyMs: GATHER_MS,
    }),
)

/**
 * Applies what an agent reports, each number once and in order: all of it with the new last number, or nothing. What comes a
 * second time is passed over. Agents that report at the same time share a transaction; each is answered after the commit.
 */
export const applyReports = (db: Database, batch: Reported): Promise<Applied> => groupsOf(db).add(batch)

interface AgentRow {
  id: string
  owner: string
  lastSeq: bigint
  reportEpoch: string | null
}

/** Batches of different agents, in one transaction and in a number of statements that does not depend on how many they are. */
async function applyGroup(db: Database, batches: readonly Reported[]): Promise<Applied[]> {
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
    const results = batches.map(({ agentId, owner, epoch, reports, now }): Applied => {
      const agent = agents.get(agentId)
      // paired anew under another wallet meanwhile: what the old connection says is not the new owner's
      if (!agent || agent.owner.toLowerCase() !== owner.toLowerCase()) return null
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
    await write(tx, rows)
    await markAgents(tx, marks)
    await noteChanges(tx, [...rows.changes.values()])
    return results
  })
}

async function write(tx: Queries, rows: ReportRows): Promise<void> {
  for (const [table, changed] of Object.entries(rows.upserts)) {
    if (changed.size === 0) continue
    await tx.$executeRawUnsafe(UPSERTS[table as keyof typeof TABLES], jsonText([...changed.values()]))
  }
  if (rows.journal.length > 0) {
    await tx.$executeRaw`
      INSERT INTO journal (owner, "agentId", seq, time, level, event, subject, message, data)
      SELECT * FROM jsonb_to_recordset(${jsonText(rows.journal)}::jsonb) AS r(
        owner text, "agentId" text, seq bigint, time timestamptz, level "Level", event text, subject text,
        message text, data jsonb)
      ON CONFLICT DO NOTHING`
  }
  if (rows.commands.size > 0) {
    await tx.$executeRaw`
      UPDATE commands AS c SET state = r.state, "finishedAt" = now(),
        result = COALESCE(r.result, c.result), error = COALESCE(r.error, c.error)
      FROM jsonb_to_recordset(${jsonText([...rows.commands.values()])}::jsonb) AS r(
        "agentId" text, id bigint, state "CommandState", result jsonb, error jsonb)
      WHERE c.id = r.id AND c."agentId" = r."agentId" AND c.state IN ('queued', 'delivered', 'expired')`
  }
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
