import type { AgentContext } from '../agent-context.ts'
import { lastBackupJob } from '../contract/backup-jobs.ts'
import { listContracts } from '../contract/contract-rows.ts'
import type { SourceRow } from '../control/types.ts'
import { registeredTerms } from '../order-wish.ts'
import { findRetention } from '../schedule/retention-rows.ts'
import { findSchedule } from '../schedule/schedule-rows.ts'
import type { SourceInfo } from '../source/types.ts'

export function sourceRow(ctx: AgentContext, source: SourceInfo): SourceRow {
  const { sourceId, name } = source
  const job = lastBackupJob(ctx.store, sourceId)
  const schedule = findSchedule(ctx.store, sourceId)
  const snapshots = ctx.sources.snapshots(sourceId)
  const orders = listContracts(ctx.store, 'user').filter((contract) => contract.sourceId === sourceId)
  return {
    sourceId,
    name,
    path: source.path.toString(),
    state: job?.state === 'running' ? 'hashing' : job?.state === 'failed' ? 'failed' : 'ready',
    bytes: source.size?.bytes ?? 0,
    files: source.size?.files ?? 0,
    excludes: source.excludes,
    excluded: source.size?.excluded ?? 0,
    orders: orders.map((contract) => contract.orderId),
    snapshots: snapshots.length,
    lastSnapshotMs: snapshots[0]?.time ?? null,
    terms: registeredTerms(ctx, sourceId),
    schedule: schedule && {
      rule: schedule.rule,
      nextMs: schedule.nextRun,
      lastMs: schedule.lastRun,
      lastOutcome: schedule.lastOutcome,
      lastNote: schedule.lastNote,
      missed: schedule.missed,
    },
    retention: findRetention(ctx.store, sourceId),
  }
}
