import { toDmcError } from '@dmc/core/errors/to-dmc-error'
import type { AgentContext } from './agent-context.ts'
import { runningBackupJobs } from './contract/backup-jobs.ts'
import { pause } from './contract/wait.ts'
import { backUpSource } from './handlers/backup-start.ts'

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

/** A backup that goes on until it is done or fails for good. */
export async function keepBackingUp(ctx: AgentContext, sourceId: string): Promise<void> {
  for (;;) {
    try {
      await backUpSource(ctx, sourceId, ctx.sources.get(sourceId).name, () => {}, ctx.signal)
      return
    } catch (thrown) {
      const error = toDmcError(thrown)
      // what failed for good is in the journal already
      if (ctx.signal.aborted || !error.retryable) return
      ctx.journal.add({
        level: 'warning',
        event: 'backup-waiting',
        subject: `source:${sourceId}`,
        message: `${error.message} Trying again in a minute.`,
      })
      await pause(60_000, ctx.signal).catch(() => {})
    }
  }
}
