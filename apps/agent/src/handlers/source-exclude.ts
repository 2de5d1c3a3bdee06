import type { AgentContext } from '../agent-context.ts'
import type { Handler } from '../control/handler.ts'
import { findSource } from '../find-source.ts'
import { sourceRow } from '../rows/source-row.ts'

/** Replaces what is left out of a source; what earlier snapshots hold stays. */
export const sourceExclude: Handler<'source.exclude', AgentContext> = async (ctx, input) => {
  const { sourceId, excludes: before } = findSource(ctx, input.source)
  const source = ctx.sources.setExcludes(sourceId, input.excludes)
  if (before.join('\n') === source.excludes.join('\n')) return sourceRow(ctx, source)
  ctx.journal.add({
    event: 'source-excludes',
    subject: `source:${sourceId}`,
    message:
      source.excludes.length > 0
        ? `From its next backup on, source ${source.name} leaves out: ${source.excludes.join(', ')}.`
        : `From its next backup on, source ${source.name} leaves nothing out.`,
  })
  return sourceRow(ctx, source)
}
