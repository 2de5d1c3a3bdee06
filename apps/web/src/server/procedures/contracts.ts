import { listContracts } from '@dmc/db/agents/reported'
import * as z from 'zod'
import { router, signedIn } from '../trpc.ts'

/** How far each order's data is, as the wallet's agents see it. The money side is on chain: `market.orders`. */
export const contractsRouter = router({
  list: signedIn
    .input(z.strictObject({ role: z.enum(['user', 'miner']).optional() }).default({}))
    .query(({ ctx, input }) =>
      listContracts(ctx.services.db, {
        owner: ctx.who.address,
        ...(input.role ? { role: input.role } : {}),
      }),
    ),
})
