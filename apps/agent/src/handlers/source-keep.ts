import { selectKept } from '@dmc/core/schedule/retention'
import type { AgentContext } from '../agent-context.ts'
import type { Handler } from '../control/handler.ts'
import { findSource } from '../find-source.ts'
import { sourceRow } from '../rows/source-row.ts'
import { setRetention } from '../schedule/set-retention.ts'

const NEXT = 'next'

/** What a source keeps; shows which snapshots its next backup would forget, and with `preview` does only that. */
export const sourceKeep: Handler<'source.keep', AgentContext> = async (ctx, { source, policy, mode }) => {
  const { sourceId } = findSource(ctx, source)
  if (mode === 'execute') setRetention(ctx, sourceId, policy)
  const snapshots = ctx.sources.snapshots(sourceId)
  // as it will be then: with one more, which is complete as far as anybody can know
  const next = { snapshotId: NEXT, time: Date.now(), missing: 0 }
  const kept = selectKept([...[...snapshots].reverse(), next], policy)
  return {
    source: sourceRow(ctx, ctx.sources.get(sourceId)),
    forgets: snapshots.filter(({ snapshotId }) => !kept.has(snapshotId)),
  }
}
