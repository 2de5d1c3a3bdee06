import type { AgentContext } from '../agent-context.ts'
import type { Handler } from '../control/handler.ts'
import { sourceRow } from '../rows/source-row.ts'

export const sourceList: Handler<'source.list', AgentContext> = async (ctx) => ({
  sources: ctx.sources.list().map((source) => sourceRow(ctx, source)),
})
