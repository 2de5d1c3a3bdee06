import { toDmcError } from '@dmc/core/errors/to-dmc-error'
import type { AgentContext } from './agent-context.ts'
import { runningBackupJobs } from './contract/backup-jobs.ts'
import { pause } from './contract/wait.ts'
import { backUpSource } from './handlers/backup-start.ts'
import { settleRun } from './schedule/schedule-rows.ts'

/** Goes on with every backup that a kill or a stop cut off; what can succeed later is tried again. */
export function resumeBackups(ctx: AgentContext): void {
  for (const job of runningBackupJobs(ctx.store)) {
    ctx.journal.add({
      event: 'backup-resumed',
      subject: `source:${job.sourceId}`,
      message: `Going on with the backup of source ${job.sourceId} into order ${job.orderId}.`,
    })
    void keepBackingUp(ctx, job.sourceId)
  }
}

/** By agent: sources of which a backup is being kept up, also while it waits to try again. */
const kept = new WeakMap<AgentContext['store'], Map<string, number>>()

export const isKeptUp = (ctx: AgentContext, sourceId: string): boolean =>
  (kept.get(ctx.store)?.get(sourceId) ?? 0) > 0

/** A backup that goes on until it is done or fails for good; a schedule that began it hears what became of it. */
export async function keepBackingUp(ctx: AgentContext, sourceId: string): Promise<void> {
  const counts = kept.get(ctx.store) ?? new Map<string, number>()
  kept.set(ctx.store, counts)
  counts.set(sourceId, (counts.get(sourceId) ?? 0) + 1)
  try {
    await keepTrying(ctx, sourceId)
  } finally {
    counts.set(sourceId, (counts.get(sourceId) ?? 1) - 1)
  }
}

async function keepTrying(ctx: AgentContext, sourceId: string): Promise<void> {
  for (;;) {
    try {
      const { name } = ctx.sources.get(sourceId)
      const { unchanged, missing } = await backUpSource(ctx, sourceId, name, () => {}, ctx.signal)
      const outcome = missing.length > 0 ? 'partial' : unchanged ? 'unchanged' : 'done'
      settleRun(ctx.store, sourceId, outcome, null)
      return
    } catch (thrown) {
      const error = toDmcError(thrown)
      if (ctx.signal.aborted) return
      // what failed for good is in the journal already
      if (!error.retryable) return settleRun(ctx.store, sourceId, 'failed', error.message)
      ctx.journal.add({
        level: 'warning',
        event: 'backup-waiting',
        subject: `source:${sourceId}`,
        message: `${error.message} Trying again in a minute.`,
      })
      await pause(60_000, ctx.signal).catch(() => {})
      if (ctx.signal.aborted) return
    }
  }
}
