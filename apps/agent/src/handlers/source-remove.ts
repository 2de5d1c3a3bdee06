import type { AgentContext } from '../agent-context.ts'
import type { Handler } from '../control/handler.ts'
import { findSource } from '../find-source.ts'

/** Forgets the path on this host; what miners hold stays and is found again by the phrase. */
export const sourceRemove: Handler<'source.remove', AgentContext> = async (ctx, input) => {
  const { sourceId, name } = findSource(ctx, input.source)
  await ctx.sources.remove(sourceId)
  ctx.journal.add({
    event: 'source-removed',
    subject: `source:${sourceId}`,
    message: `Source ${name} is no longer backed up; its orders and snapshots stay.`,
  })
  return { sourceId }
}
