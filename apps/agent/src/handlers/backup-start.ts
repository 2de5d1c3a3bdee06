import type { AgentContext } from '../agent-context.ts'
import type {
  BackupWish,
  BackupEvent as RunEvent,
  BackupResult as RunResult,
} from '../contract/back-up-session.ts'
import { runBackup } from '../contract/run-backup.ts'
import type { Handler } from '../control/handler.ts'
import type { BackupEvent, BackupResult } from '../control/types.ts'
import { findSource } from '../find-source.ts'

/** flows 7 to 13: starts, joins or resumes the backup of one source; answers when the order holds it. */
export const backupStart: Handler<'backup.start', AgentContext> = async (ctx, input, emit, signal) => {
  const { sourceId, name } = findSource(ctx, input.source)
  if (input.reread) ctx.sources.forgetUnchanged(sourceId)
  const wish = { orderId: input.orderId ?? null, mayBeEmpty: input.allowEmpty ?? false }
  return backUpSource(ctx, sourceId, name, emit, signal, wish)
}

/** Also called at start for backups that a kill left unfinished. */
export async function backUpSource(
  ctx: AgentContext,
  sourceId: string,
  name: string,
  emit: (event: BackupEvent) => void,
  signal: AbortSignal,
  wish?: BackupWish,
): Promise<BackupResult> {
  const result = await ctx.jobs.run<RunResult, BackupEvent>(
    { key: `backup ${sourceId}`, kind: 'backup', subject: name, signal, emit },
    (tell, stop, job) =>
      runBackup(
        ctx.contract,
        sourceId,
        (event) => {
          const told = translate(event)
          if (told.type === 'encode' || told.type === 'progress') {
            job.stage = told.stage
            job.done = told.type === 'encode' ? told.bytes : told.done
            job.total = told.type === 'encode' ? told.bytesTotal : told.total
          } else if (told.type === 'stage') job.stage = told.stage
          tell(told)
        },
        stop,
        wish,
      ),
  )
  const { encoded, seconds } = result
  const { commitment } = encoded
  return {
    sourceId,
    orderId: result.orderId,
    snapshot: encoded.snapshot,
    commitment,
    unchanged: encoded.unchanged,
    missing: encoded.missing.slice(0, 1000),
    excluded: encoded.excluded,
    forgotten: encoded.forgotten,
    seconds: [
      { stage: 'encode', seconds: seconds.encode, bytes: encoded.snapshot.bytes },
      { stage: 'deliver', seconds: seconds.deliver, bytes: encoded.snapshot.addedBytes },
      { stage: 'agree', seconds: seconds.agree, bytes: 0 },
      { stage: 'total', seconds: seconds.total, bytes: encoded.snapshot.bytes },
    ],
  }
}

function translate(event: RunEvent): BackupEvent {
  switch (event.type) {
    case 'encode':
      return event
    case 'deliver':
      return { type: 'progress', stage: 'deliver', done: event.durableSize, total: event.totalSize ?? 0 }
    case 'note':
      return { type: 'stage', stage: 'waiting', text: event.message }
    case 'prepared':
      return {
        type: 'stage',
        stage: 'prepare-user',
        text: `Our side states ${event.size} bytes under ${event.root}.`,
      }
    case 'active':
      return {
        type: 'stage',
        stage: 'active',
        text: `Both sides agree: order ${event.orderId} holds the snapshot.`,
      }
  }
}
