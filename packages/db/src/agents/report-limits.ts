import { DmcError } from '@dmc/core/errors/dmc-error'
import { countAttempt } from '../account/rate-limit.ts'
import type { Database, Queries } from '../open-database.ts'
import { type JsonRow, jsonText } from './report-rows.ts'

/** Rows of one agent. A host that reports without end fills no database: of what people look back at the oldest goes, the rest is not taken. */
export const MOST_ROWS = {
  source: 1_000,
  sector: 1_000,
  job: 1_000,
  journal: 20_000,
  snapshot: 20_000,
  contract: 10_000,
  proof: 10_000,
  proofDay: 40_000,
  answer: 1_000,
} as const

/** Tables of which an agent has a limited number of rows, and what their things are called. */
export const LIMITED = [
  ['sources', 'source'],
  ['sectors', 'sector'],
  ['snapshots', 'snapshot'],
  ['contracts', 'contract'],
  ['proofs', 'proof'],
] as const satisfies readonly (readonly [string, Kept])[]

/** What tells rows of one agent apart, and its type. */
const KEYS = {
  sources: { sourceId: 'text' },
  sectors: { sectorId: 'text' },
  snapshots: { sourceId: 'text', snapshotId: 'text' },
  contracts: { orderId: 'bigint' },
  proofs: { orderId: 'bigint' },
} as const satisfies Record<(typeof LIMITED)[number][0], Record<string, string>>

/** A new store on the host makes the journal's old numbers free, which is work for us; a host has one in years. */
const MOST_EPOCHS = 5
const HOUR_MS = 3600_000
/** Entries by which a journal may be longer before it is cut again. */
const JOURNAL_SLACK = 500
const PROOF_DAY_SLACK = 1_000

export type Kept = 'source' | 'sector' | 'snapshot' | 'contract' | 'proof'

/**
 * Takes rows out for which there is no room: of each agent's new ones those that came last. What was removed on the host is shown
 * nowhere any more and makes room.
 * @param full gets the kind, by agent, when something was taken out
 * @returns the keys of what was taken out
 */
export async function makeRoom(
  tx: Queries,
  of: { table: keyof typeof KEYS; kind: Kept; rows: Map<string, JsonRow> },
  full: Map<string, Set<Kept>>,
): Promise<string[]> {
  const { table, kind, rows } = of
  if (rows.size === 0) return []
  const fresh = await newByAgent(tx, table, rows)
  if (fresh.size === 0) return []
  const out: string[] = []
  const counts = await countRows(tx, table, [...fresh.keys()])
  for (const [agentId, keys] of fresh) {
    let count = counts.get(agentId) ?? 0
    if (count + keys.length > MOST_ROWS[kind] && isRemovable(kind)) {
      count -= await forgetRemoved(tx, kind, agentId)
    }
    const tooMany = keys.slice(Math.max(0, MOST_ROWS[kind] - count))
    for (const key of tooMany) rows.delete(key)
    out.push(...tooMany)
    if (tooMany.length > 0) full.set(agentId, (full.get(agentId) ?? new Set()).add(kind))
  }
  return out
}

/** Keys of rows that are not in the table yet, in the order in which they came. Names and types are constants of this file. */
async function newByAgent(
  tx: Queries,
  table: keyof typeof KEYS,
  rows: ReadonlyMap<string, JsonRow>,
): Promise<Map<string, string[]>> {
  const columns = Object.entries(KEYS[table]).map(([name, type]) => ({ name, type }))
  const list = [...rows].map(([key, row]) => ({
    key,
    agentId: row.agentId,
    ...Object.fromEntries(columns.map(({ name }) => [name, row[name]])),
  }))
  const found = await tx.$queryRawUnsafe<{ key: string; agentId: string }[]>(
    `SELECT r.key, r."agentId" FROM jsonb_to_recordset($1::jsonb) AS r(key text, "agentId" text, ${columns
      .map(({ name, type }) => `"${name}" ${type}`)
      .join(', ')})
     WHERE NOT EXISTS (SELECT 1 FROM "${table}" AS t WHERE t."agentId" = r."agentId" AND ${columns
       .map(({ name }) => `t."${name}" = r."${name}"`)
       .join(' AND ')})`,
    jsonText(list),
  )
  const missing = new Set(found.map(({ key }) => key))
  const fresh = new Map<string, string[]>()
  for (const [key, { agentId }] of rows) {
    if (!missing.has(key)) continue
    const of = String(agentId)
    fresh.set(of, [...(fresh.get(of) ?? []), key])
  }
  return fresh
}

async function countRows(
  tx: Queries,
  table: keyof typeof KEYS,
  agentIds: string[],
): Promise<Map<string, number>> {
  const rows = await tx.$queryRawUnsafe<{ agentId: string; count: number }[]>(
    `SELECT "agentId", count(*)::int AS count FROM "${table}" WHERE "agentId" = ANY($1::text[]) GROUP BY 1`,
    agentIds,
  )
  return new Map(rows.map(({ agentId, count }) => [agentId, count]))
}

type Removable = 'source' | 'sector' | 'proof'
const isRemovable = (kind: Kept): kind is Removable =>
  kind === 'source' || kind === 'sector' || kind === 'proof'

async function forgetRemoved(tx: Queries, kind: Removable, agentId: string): Promise<number> {
  if (kind === 'proof') return (await tx.proof.deleteMany({ where: { agentId, removed: true } })).count
  const where = { agentId, removedAt: { not: null } }
  if (kind === 'source') {
    await tx.$executeRaw`
      DELETE FROM schedules AS c USING sources AS s
      WHERE s."agentId" = ${agentId} AND s."removedAt" IS NOT NULL
        AND c."agentId" = s."agentId" AND c."sourceId" = s."sourceId"`
  }
  const { count } =
    kind === 'source' ? await tx.source.deleteMany({ where }) : await tx.sector.deleteMany({ where })
  return count
}

/** @returns TOO_MANY_REQUESTS when the agent has begun anew too often */
export async function mayBeginAnew(tx: Queries, agentId: string, now: Date): Promise<DmcError | null> {
  const { count, resetAt } = await countAttempt(
    { prisma: tx },
    { key: `epoch ${agentId}`, windowMs: HOUR_MS, now },
  )
  if (count <= MOST_EPOCHS) return null
  return new DmcError(
    'TOO_MANY_REQUESTS',
    `This agent began a new store ${MOST_EPOCHS} times within an hour; nothing more is taken from it until ${resetAt.toISOString()}.`,
    { hint: 'Do two hosts, or copies of one data folder, use the same identity? Let one of them run.' },
  )
}

/** Only the newest jobs of these agents stay. */
export async function cutJobs(tx: Queries, agentIds: string[]): Promise<void> {
  if (agentIds.length === 0) return
  const many = await tx.$queryRaw<{ agentId: string }[]>`
    SELECT "agentId" FROM jobs WHERE "agentId" = ANY(${agentIds}::text[])
    GROUP BY 1 HAVING count(*) > ${MOST_ROWS.job}`
  for (const { agentId } of many) {
    await tx.$executeRaw`
      DELETE FROM jobs WHERE "agentId" = ${agentId} AND "jobId" IN (
        SELECT "jobId" FROM jobs WHERE "agentId" = ${agentId}
        ORDER BY "updatedAt" DESC, "startedAt" DESC NULLS LAST, "jobId" OFFSET ${MOST_ROWS.job})`
  }
}

/** Of challenges those with the latest deadlines stay. */
export async function cutAnswers(tx: Queries, agentIds: string[]): Promise<void> {
  if (agentIds.length === 0) return
  const many = await tx.$queryRaw<{ agentId: string }[]>`
    SELECT "agentId" FROM answers WHERE "agentId" = ANY(${agentIds}::text[])
    GROUP BY 1 HAVING count(*) > ${MOST_ROWS.answer}`
  for (const { agentId } of many) {
    await tx.$executeRaw`
      DELETE FROM answers WHERE "agentId" = ${agentId} AND ("orderId", leaf) IN (
        SELECT "orderId", leaf FROM answers WHERE "agentId" = ${agentId}
        ORDER BY deadline DESC, "orderId", leaf OFFSET ${MOST_ROWS.answer})`
  }
}

/** Days since those of an agent were cut, by this process. */
const daysSinceCut = new WeakMap<Database, Map<string, number>>()

/** Of the days that an agent reports the newest stay; looked at now and then, as it takes a walk over all of them. */
export async function cutProofDays(db: Database, tx: Queries, added: readonly JsonRow[]): Promise<void> {
  if (added.length === 0) return
  const counts = daysSinceCut.get(db) ?? new Map<string, number>()
  daysSinceCut.set(db, counts)
  for (const { agentId } of added) {
    const id = String(agentId)
    // after a start not all of them at once
    counts.set(id, (counts.get(id) ?? Math.random() * PROOF_DAY_SLACK) + 1)
  }
  for (const agentId of new Set(added.map((row) => String(row.agentId)))) {
    if ((counts.get(agentId) ?? 0) <= PROOF_DAY_SLACK) continue
    counts.set(agentId, 0)
    await tx.$executeRaw`
      DELETE FROM proof_days WHERE "agentId" = ${agentId} AND day <= (
        SELECT day FROM proof_days WHERE "agentId" = ${agentId}
        ORDER BY day DESC OFFSET ${MOST_ROWS.proofDay} LIMIT 1)`
  }
}

/** Entries since the journal of an agent was cut, by this process. */
const sinceCut = new WeakMap<Database, Map<string, number>>()

/** Of the agents with new entries only the newest stay; looked at now and then, as it takes a walk over all of them. */
export async function cutJournals(db: Database, tx: Queries, added: readonly JsonRow[]): Promise<void> {
  const counts = sinceCut.get(db) ?? new Map<string, number>()
  sinceCut.set(db, counts)
  const owners = new Map<string, string>()
  for (const row of added) {
    const agentId = String(row.agentId)
    owners.set(agentId, String(row.owner))
    // after a start not all of them at once
    counts.set(agentId, (counts.get(agentId) ?? Math.random() * JOURNAL_SLACK) + 1)
  }
  for (const [agentId, owner] of owners) {
    if ((counts.get(agentId) ?? 0) <= JOURNAL_SLACK) continue
    counts.set(agentId, 0)
    await tx.$executeRaw`
      DELETE FROM journal WHERE owner = ${owner} AND "agentId" = ${agentId} AND id <= (
        SELECT id FROM journal WHERE owner = ${owner} AND "agentId" = ${agentId}
        ORDER BY id DESC OFFSET ${MOST_ROWS.journal} LIMIT 1)`
  }
}
