import type { AgentContext } from '../agent-context.ts'
import type { Handler } from '../control/handler.ts'

/** What happened on this host, oldest first. */
export const journalList: Handler<'journal.list', AgentContext> = async (ctx, input) => ({
  entries: ctx.journal.list({
    limit: input.limit,
    ...(input.subject === undefined ? {} : { subject: input.subject }),
    ...(input.sinceMs === undefined ? {} : { sinceMs: input.sinceMs }),
  }),
})
