import { listContracts } from '@dmc/db/agents/reported'
import * as z from 'zod'
import { giveCommand } from '../agents/give-command.ts'
import { agentId, localId, orderId } from '../inputs.ts'
import { ownSource } from '../own.ts'
import { owned, router, signedIn } from '../trpc.ts'

/** A wallet's orders from the side of its agents; the money side is on chain. */
export const ordersRouter = router({
  /** How far each order's data is, as the wallet's agents see it. */
  contracts: signedIn
    .input(z.strictObject({ role: z.enum(['user', 'miner']).optional() }).default({}))
    .query(({ ctx, input }) =>
      listContracts(ctx.services.db, {
        owner: ctx.who.address,
        ...(input.role ? { role: input.role } : {}),
      }),
    ),

  /**
   * The wallet has placed an order for this source: its agent backs it up. The agent asks the chain whose order it is. The same order
   * again is the same command.
   */
  placed: owned
    .input(z.strictObject({ sourceId: localId, agentId: agentId.optional(), orderId }))
    .mutation(async ({ ctx, input }) => {
      const { sourceId, agentId } = await ownSource(ctx, input)
      return giveCommand(ctx, {
        agentId,
        command: { kind: 'backup.start', sourceId, orderId: input.orderId },
        requestKey: `order ${input.orderId} for ${sourceId}`,
      })
    }),
})
