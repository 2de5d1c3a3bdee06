import type { AgentContext } from '../agent-context.ts'
import { lastBackupJob } from '../contract/backup-jobs.ts'
import { contractsOfSource } from '../contract/contract-rows.ts'
import { isKeptUp, keepBackingUp } from '../resume-backups.ts'
import { isBackupRunning } from '../source/start-backup.ts'
import { Scheduler } from './scheduler.ts'

/** The scheduler of a running agent; backups go the way of those that are asked for. */
export function openScheduler(ctx: AgentContext): Scheduler {
  const { store, journal, sources } = ctx
  const scheduler = new Scheduler({
    store,
    journal,
    nameOf: (sourceId) => sources.get(sourceId).name,
    hasOrder: (sourceId) => contractsOfSource(store, sourceId).length > 0,
    isBusy: (sourceId) =>
      isKeptUp(ctx, sourceId) ||
      isBackupRunning(sourceId) ||
      ctx.jobs.list().some(({ jobId }) => jobId === `backup ${sourceId}`),
    lastJob: (sourceId) => lastBackupJob(store, sourceId),
    backUp: (sourceId) => void keepBackingUp(ctx, sourceId),
  })
  scheduler.start()
  return scheduler
}
