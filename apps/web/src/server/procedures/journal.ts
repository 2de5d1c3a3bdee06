import { listJournal } from '@dmc/db/agents/reported'
import * as z from 'zod'
import { agentId, limit, place } from '../inputs.ts'
import { router, signedIn } from '../trpc.ts'

/** What happened on the wallet's hosts, newest first; `next` goes on from where the list ended. */
export const journalRouter = router({
  list: signedIn
    .input(
      z.strictObject({
        level: z.enum(['info', 'warning', 'error']).optional(),
        agentId: agentId.optional(),
        subject: z.string().max(160).optional(),
        event: z.string().max(64).optional(),
        before: place.optional(),
        limit,
      }),
    )
    .query(async ({ ctx, input }) => {
      const items = await listJournal(ctx.services.db, { owner: ctx.who.address, ...input })
      return { items, next: items.length < input.limit ? null : (items.at(-1)?.id ?? null) }
    }),
})
