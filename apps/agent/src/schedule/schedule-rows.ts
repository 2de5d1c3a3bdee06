import type { RUN_OUTCOMES } from '@dmc/core/dashboard/reports'
import type { ScheduleRule } from '@dmc/core/schedule/schedule-rule'
import type { Store } from '../store/open-store.ts'

/** running: a backup that the schedule began; skipped: the one before was still running; no-order: nothing to back up into. */
export type RunOutcome = (typeof RUN_OUTCOMES)[number]

/** A source's schedule and how it goes; times in Unix ms of this host. */
export interface Schedule {
  sourceId: string
  rule: ScheduleRule
  /** When the rule was made: intervals count from here. */
  since: number
  nextRun: number
  /** When a run was last due and looked after, whatever came of it. */
  lastRun: number | null
  lastOutcome: RunOutcome | null
  /** A sentence about the last run, when there is more to say than its outcome. */
  lastNote: string | null
  /** Runs that never were, because the host slept or the agent was not there; one backup caught up for them. */
  missed: number
}

const COLUMNS = 'source_id, kind, spec, time_zone, since, next_run, last_run, last_outcome, last_note, missed'

const toSchedule = (row: Record<string, unknown>): Schedule => ({
  sourceId: String(row.source_id),
  rule: {
    kind: row.kind as ScheduleRule['kind'],
    spec: String(row.spec),
    timeZone: String(row.time_zone),
  },
  since: Number(row.since),
  nextRun: Number(row.next_run),
  lastRun: row.last_run as number | null,
  lastOutcome: row.last_outcome as RunOutcome | null,
  lastNote: row.last_note as string | null,
  missed: Number(row.missed),
})

export function listSchedules({ db }: Store): Schedule[] {
  return db.prepare(`SELECT ${COLUMNS} FROM source_schedule ORDER BY source_id`).all().map(toSchedule)
}

export function findSchedule({ db }: Store, sourceId: string): Schedule | null {
  const row = db.prepare(`SELECT ${COLUMNS} FROM source_schedule WHERE source_id = ?`).get(sourceId)
  return row ? toSchedule(row) : null
}

/** A new rule keeps what is known of the last run. */
export function saveSchedule(
  { db }: Store,
  sourceId: string,
  rule: ScheduleRule,
  { since, nextRun }: { since: number; nextRun: number },
): void {
  db.prepare(
    `INSERT INTO source_schedule (source_id, kind, spec, time_zone, since, next_run) VALUES (?, ?, ?, ?, ?, ?)
     ON CONFLICT (source_id) DO UPDATE SET kind = excluded.kind, spec = excluded.spec,
       time_zone = excluded.time_zone, since = excluded.since, next_run = excluded.next_run`,
  ).run(sourceId, rule.kind, rule.spec, rule.timeZone, since, nextRun)
}

export function dropSchedule({ db }: Store, sourceId: string): void {
  db.prepare('DELETE FROM source_schedule WHERE source_id = ?').run(sourceId)
}

/** A run was due: what came of it, and the next, in one statement, so that a kill tears nothing apart. */
export function noteRun(
  { db }: Store,
  sourceId: string,
  run: { at: number; nextRun: number; outcome: RunOutcome; note: string | null; missed: number },
): void {
  db.prepare(
    `UPDATE source_schedule SET last_run = ?, next_run = ?, last_outcome = ?, last_note = ?, missed = missed + ?
     WHERE source_id = ?`,
  ).run(run.at, run.nextRun, run.outcome, run.note, run.missed, sourceId)
}

/** Only the next run: the clock was set back. */
export function setNextRun({ db }: Store, sourceId: string, nextRun: number): void {
  db.prepare('UPDATE source_schedule SET next_run = ? WHERE source_id = ?').run(nextRun, sourceId)
}

/** What became of the run that the schedule began; nothing when it began none. */
export function settleRun(
  { db }: Store,
  sourceId: string,
  outcome: Exclude<RunOutcome, 'running'>,
  note: string | null,
): void {
  db.prepare(
    `UPDATE source_schedule SET last_outcome = ?, last_note = ? WHERE source_id = ? AND last_outcome = 'running'`,
  ).run(outcome, note, sourceId)
}
