import type { CheckOutcome } from '@dmc/core/challenge/outcomes'
import type { Store } from '../store/open-store.ts'
import { type Evidence, packEvidence, unpackEvidence } from './evidence.ts'

export type CheckKind = 'leaves' | 'probe' | 'restore'
/** Why it was made: its time had come; right after activation; a person asked; to see whether a failure stays; by restoring; for another. */
export type CheckWhy = 'schedule' | 'first' | 'person' | 'recheck' | 'restore' | 'watch'

export interface CheckError {
  code: string
  message: string
  hint: string
}

export interface CheckRow {
  n: number
  orderId: bigint
  /** Unix ms. */
  atMs: number
  kind: CheckKind
  why: CheckWhy
  root: string
  size: bigint
  leaves: number
  bytes: number
  outcome: CheckOutcome
  latencyMs: number | null
  error: CheckError | null
  /** A signed exchange is kept with it. */
  evidence: boolean
}

export interface DayCounts {
  /** Days since 1970, UTC. */
  day: number
  passed: number
  wrong: number
  refused: number
  offline: number
  unknown: number
  leaves: number
  bytes: number
  medianMs: number | null
  maxMs: number | null
}

const DAY_MS = 86_400_000
const KEEP_ROWS_MS = 90 * DAY_MS
const KEEP_DAILY_MS = 30 * DAY_MS
const KEEP_NEWEST = 3

const COLUMNS = `n, order_id, at_ms, kind, why, root, size, leaves, bytes, outcome, latency_ms, error,
  evidence IS NOT NULL AS evidence`

const toRow = (row: Record<string, unknown>): CheckRow => ({
  n: Number(row.n),
  orderId: BigInt(String(row.order_id)),
  atMs: Number(row.at_ms),
  kind: row.kind as CheckKind,
  why: row.why as CheckWhy,
  root: String(row.root),
  size: BigInt(String(row.size)),
  leaves: Number(row.leaves),
  bytes: Number(row.bytes),
  outcome: row.outcome as CheckOutcome,
  latencyMs: row.latency_ms as number | null,
  error: row.error === null ? null : (JSON.parse(String(row.error)) as CheckError),
  evidence: Number(row.evidence) === 1,
})

export function addCheck(
  store: Store,
  row: Omit<CheckRow, 'n' | 'evidence'> & { evidence: Evidence | null },
): CheckRow {
  // measured finer than rows and reports say it
  const latencyMs = row.latencyMs === null ? null : Math.round(row.latencyMs)
  const insert = () =>
    store.db
      .prepare(
        `INSERT INTO order_check (order_id, at_ms, kind, why, root, size, leaves, bytes, outcome, latency_ms, error, evidence)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING n`,
      )
      .get(
        row.orderId.toString(),
        row.atMs,
        row.kind,
        row.why,
        row.root,
        row.size.toString(),
        row.leaves,
        row.bytes,
        row.outcome,
        latencyMs,
        row.error === null ? null : JSON.stringify(row.error),
        row.evidence === null ? null : packEvidence(row.evidence),
      )
  // another one like it comes soon; what speaks against a miner must not be lost
  const added = row.outcome === 'passed' ? store.lightTransaction(insert) : store.transaction(insert)
  return { ...row, latencyMs, n: Number(added?.n), evidence: row.evidence !== null }
}

/** The newest first. */
export function listChecks(store: Store, orderId: bigint, limit: number): CheckRow[] {
  return store.db
    .prepare(`SELECT ${COLUMNS} FROM order_check WHERE order_id = ? ORDER BY at_ms DESC, n DESC LIMIT ?`)
    .all(orderId.toString(), limit)
    .map(toRow)
}

/** The newest check of all, and the newest that passed. */
export function lastChecks(
  store: Store,
  orderId: bigint,
): { last: CheckRow | null; passed: CheckRow | null } {
  const last = listChecks(store, orderId, 1)[0] ?? null
  const passed = store.db
    .prepare(
      `SELECT ${COLUMNS} FROM order_check WHERE order_id = ? AND outcome = 'passed' ORDER BY at_ms DESC, n DESC LIMIT 1`,
    )
    .get(orderId.toString())
  return { last, passed: passed ? toRow(passed) : null }
}

/** The signed exchange of one check; null when it is not kept. */
export function evidenceOf(store: Store, n: number): Evidence | null {
  const packed = store.db.prepare('SELECT evidence FROM order_check WHERE n = ?').get(n)?.evidence
  return packed instanceof Uint8Array ? unpackEvidence(packed) : null
}

/** Checks a day, oldest first; days without any are left out. */
export function dayCounts(store: Store, orderId: bigint, sinceMs: number): DayCounts[] {
  const rows = store.db
    .prepare(
      `SELECT at_ms, outcome, leaves, bytes, latency_ms FROM order_check WHERE order_id = ? AND at_ms >= ? ORDER BY at_ms, n`,
    )
    .all(orderId.toString(), sinceMs)
  const days = new Map<number, { counts: DayCounts; latencies: number[] }>()
  for (const row of rows) {
    const day = Math.floor(Number(row.at_ms) / DAY_MS)
    const entry = days.get(day) ?? { counts: noCounts(day), latencies: [] }
    days.set(day, entry)
    entry.counts[row.outcome as CheckOutcome]++
    if (row.outcome === 'passed') {
      entry.counts.leaves += Number(row.leaves)
      entry.counts.bytes += Number(row.bytes)
    }
    if (row.latency_ms !== null) entry.latencies.push(Number(row.latency_ms))
  }
  return [...days.values()].map(({ counts, latencies }) => {
    latencies.sort((a, b) => a - b)
    return {
      ...counts,
      medianMs: latencies[Math.floor((latencies.length - 1) / 2)] ?? null,
      maxMs: latencies.at(-1) ?? null,
    }
  })
}

export const noCounts = (day: number): DayCounts => ({
  day,
  passed: 0,
  wrong: 0,
  refused: 0,
  offline: 0,
  unknown: 0,
  leaves: 0,
  bytes: 0,
  medianMs: null,
  maxMs: null,
})

/**
 * Rows are kept for 90 days. Evidence of wrong answers as long; of passed ones the newest three of each order, and the last one of each
 * day for 30 days.
 */
export function forgetChecks(store: Store, now: number): void {
  const { db } = store
  db.prepare('DELETE FROM order_check WHERE at_ms < ?').run(now - KEEP_ROWS_MS)
  db.prepare(
    `UPDATE order_check SET evidence = NULL WHERE evidence IS NOT NULL AND outcome = 'passed' AND n NOT IN (
       SELECT n FROM (SELECT n, row_number() OVER (PARTITION BY order_id ORDER BY at_ms DESC, n DESC) AS place
         FROM order_check WHERE outcome = 'passed' AND evidence IS NOT NULL) WHERE place <= ${KEEP_NEWEST}
     ) AND n NOT IN (
       SELECT n FROM (SELECT n, at_ms, row_number() OVER (PARTITION BY order_id, at_ms / ${DAY_MS} ORDER BY at_ms DESC, n DESC) AS place
         FROM order_check WHERE outcome = 'passed' AND evidence IS NOT NULL) WHERE place = 1 AND at_ms >= ?
     )`,
  ).run(now - KEEP_DAILY_MS)
}

/** When an order is checked next, and what is known about its commitment and about how long its miner has been away. */
export interface CheckPlan {
  orderId: bigint
  phaseMs: number
  nextMs: number
  root: string
  size: bigint
  /** Since when that commitment has been seen in force here. */
  sinceMs: number
  /** Since when every check found the miner away or refusing, and how many that are. */
  absentSinceMs: number | null
  absent: number
}

const toPlan = (row: Record<string, unknown>): CheckPlan => ({
  orderId: BigInt(String(row.order_id)),
  phaseMs: Number(row.phase_ms),
  nextMs: Number(row.next_ms),
  root: String(row.root),
  size: BigInt(String(row.size)),
  sinceMs: Number(row.since_ms),
  absentSinceMs: row.absent_since_ms as number | null,
  absent: Number(row.absent),
})

export const listPlans = ({ db }: Store): CheckPlan[] =>
  db.prepare('SELECT * FROM order_check_plan ORDER BY next_ms').all().map(toPlan)

export function findPlan({ db }: Store, orderId: bigint): CheckPlan | null {
  const row = db.prepare('SELECT * FROM order_check_plan WHERE order_id = ?').get(orderId.toString())
  return row ? toPlan(row) : null
}

/** Once for each order: what is there stays. */
export function addPlan(store: Store, orderId: bigint, plan: { phaseMs: number; nextMs: number }): void {
  store.lightTransaction(() =>
    store.db
      .prepare(
        'INSERT INTO order_check_plan (order_id, phase_ms, next_ms) VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
      )
      .run(orderId.toString(), plan.phaseMs, plan.nextMs),
  )
}

export function setNextCheck(store: Store, orderId: bigint, nextMs: number): void {
  store.lightTransaction(() =>
    store.db
      .prepare('UPDATE order_check_plan SET next_ms = ? WHERE order_id = ?')
      .run(nextMs, orderId.toString()),
  )
}

/** The commitment as it is in force now; `sinceMs` only moves when it is another. */
export function noteCommitment(
  store: Store,
  orderId: bigint,
  commitment: { root: string; size: bigint },
  now: number,
): number {
  const { root, size } = commitment
  const known = findPlan(store, orderId)
  if (!known) return now
  if (known.root === root && known.size === size) return known.sinceMs
  store.lightTransaction(() =>
    store.db
      .prepare('UPDATE order_check_plan SET since_ms = ?, root = ?, size = ? WHERE order_id = ?')
      .run(now, root, size.toString(), orderId.toString()),
  )
  return now
}

export function setAbsent({ db }: Store, orderId: bigint, sinceMs: number | null, absent: number): void {
  db.prepare('UPDATE order_check_plan SET absent_since_ms = ?, absent = ? WHERE order_id = ?').run(
    sinceMs,
    absent,
    orderId.toString(),
  )
}

export function dropPlan(store: Store, orderId: bigint): void {
  store.db.prepare('DELETE FROM order_check_plan WHERE order_id = ?').run(orderId.toString())
}

/** Leaf checks since then that the miner answered, right or wrong: what the odds of noticing a loss come from. */
export function leafChecks(
  { db }: Store,
  orderId: bigint,
  sinceMs: number,
): { count: number; sum: number; firstMs: number | null } {
  const row = db
    .prepare(
      `SELECT count(*) AS count, coalesce(sum(leaves), 0) AS sum, min(at_ms) AS first FROM order_check
       WHERE order_id = ? AND at_ms >= ? AND kind = 'leaves' AND outcome IN ('passed','wrong') AND why <> 'recheck'`,
    )
    .get(orderId.toString(), sinceMs)
  return { count: Number(row?.count), sum: Number(row?.sum), firstMs: (row?.first as number | null) ?? null }
}
