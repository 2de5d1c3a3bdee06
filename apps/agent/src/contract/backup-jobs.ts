import { randomBytes } from 'node:crypto'
import type { Store } from '../store/open-store.ts'

export interface BackupJob {
  jobId: string
  sourceId: string
  orderId: bigint
  state: 'running' | 'done' | 'failed'
  startedAt: number
  finishedAt: number | null
  /** JSON of the DmcError. */
  error: string | null
  result: string | null
}

const COLUMNS = 'job_id, source_id, order_id, state, started_at, finished_at, error, result'

function toJob(row: Record<string, unknown>): BackupJob {
  return {
    jobId: String(row.job_id),
    sourceId: String(row.source_id),
    orderId: BigInt(String(row.order_id)),
    state: row.state as BackupJob['state'],
    startedAt: Number(row.started_at),
    finishedAt: row.finished_at as number | null,
    error: row.error as string | null,
    result: row.result as string | null,
  }
}

/**
 * The running job of a source, or a new one: a backup asked for twice is one backup. It is about `orderId` from now on.
 * `resumed`: a kill or a stop had left it unfinished.
 */
export function openBackupJob(
  store: Store,
  sourceId: string,
  orderId: bigint,
): BackupJob & { resumed: boolean } {
  return store.transaction(() => {
    const running = store.db
      .prepare(
        `UPDATE backup_job SET order_id = ? WHERE source_id = ? AND state = 'running' RETURNING ${COLUMNS}`,
      )
      .get(orderId.toString(), sourceId)
    if (running) return { ...toJob(running), resumed: true }
    const row = store.db
      .prepare(
        `INSERT INTO backup_job (job_id, source_id, order_id, state, started_at) VALUES (?, ?, ?, 'running', ?) RETURNING ${COLUMNS}`,
      )
      .get(randomBytes(8).toString('hex'), sourceId, orderId.toString(), Date.now())
    return { ...toJob(row as Record<string, unknown>), resumed: false }
  })
}

export function finishBackupJob(
  store: Store,
  jobId: string,
  outcome: { result: unknown } | { error: unknown },
): void {
  const failed = 'error' in outcome
  const toText = (_key: string, value: unknown) => (typeof value === 'bigint' ? value.toString() : value)
  store.db
    .prepare(`UPDATE backup_job SET state = ?, finished_at = ?, error = ?, result = ? WHERE job_id = ?`)
    .run(
      failed ? 'failed' : 'done',
      Date.now(),
      failed ? JSON.stringify(outcome.error) : null,
      failed ? null : JSON.stringify(outcome.result, toText),
      jobId,
    )
}

/** Jobs that a kill or a stop left unfinished; the agent goes on with them at start. */
export function runningBackupJobs(store: Store): BackupJob[] {
  return store.db
    .prepare(`SELECT ${COLUMNS} FROM backup_job WHERE state = 'running' ORDER BY started_at`)
    .all()
    .map(toJob)
}

export function lastBackupJob(store: Store, sourceId: string): BackupJob | null {
  const row = store.db
    .prepare(
      `SELECT ${COLUMNS} FROM backup_job WHERE source_id = ? ORDER BY started_at DESC, rowid DESC LIMIT 1`,
    )
    .get(sourceId)
  return row ? toJob(row) : null
}

/** The newest jobs of all sources, newest first. */
export function listBackupJobs(store: Store, limit: number): BackupJob[] {
  return store.db
    .prepare(`SELECT ${COLUMNS} FROM backup_job ORDER BY started_at DESC, rowid DESC LIMIT ?`)
    .all(limit)
    .map(toJob)
}
