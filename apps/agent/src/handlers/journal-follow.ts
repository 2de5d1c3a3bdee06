import type { AgentContext } from '../agent-context.ts'
import type { Handler } from '../control/handler.ts'

/** Emits what is there after `afterSeq`, then each new entry, until the caller goes. */
export const journalFollow: Handler<'journal.follow', AgentContext> = (ctx, input, emit, signal) => {
  const fits = (subject: string) => input.subject === undefined || input.subject === subject
  return new Promise((resolve) => {
    const stop = ctx.journal.onEntry((entry) => {
      if (fits(entry.subject)) emit({ type: 'entry', entry })
    })
    if (input.afterSeq !== undefined) {
      const known = ctx.journal.list({
        afterSeq: input.afterSeq,
        ...(input.subject === undefined ? {} : { subject: input.subject }),
      })
      for (const entry of known) emit({ type: 'entry', entry })
    }
    const end = () => {
      stop()
      resolve(null)
    }
    if (signal.aborted) end()
    else signal.addEventListener('abort', end, { once: true })
  })
}
