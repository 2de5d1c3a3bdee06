import type { AgentContext } from '../agent-context.ts'
import type { Handler } from '../control/handler.ts'
import { findSource } from '../find-source.ts'
import { sourceRow } from '../rows/source-row.ts'
import { setSchedule } from '../schedule/set-schedule.ts'

/** Gives a source a schedule, or takes it away; `dmc-agent run` runs it. */
export const sourceSchedule: Handler<'source.schedule', AgentContext> = async (ctx, { source, rule }) => {
  const { sourceId } = findSource(ctx, source)
  setSchedule(ctx, sourceId, rule)
  return sourceRow(ctx, ctx.sources.get(sourceId))
}
