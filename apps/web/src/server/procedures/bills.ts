import * as z from 'zod'
import { giveCommand } from '../agents/give-command.ts'
import { agentId, billId, localId } from '../inputs.ts'
import { ownSector } from '../own.ts'
import { owned, router } from '../trpc.ts'

export const billsRouter = router({
  /**
   * The wallet has published a bill for this sector: its agent serves the bill's orders. The agent asks the chain whose bill it is. The
   * same bill again is the same command.
   */
  published: owned
    .input(z.strictObject({ sectorId: localId, agentId: agentId.optional(), billId }))
    .mutation(async ({ ctx, input }) => {
      const { agentId, sectorId } = await ownSector(ctx, input)
      return giveCommand(ctx, {
        agentId,
        command: { kind: 'bill.link', sectorId, billId: input.billId },
        requestKey: `bill ${input.billId} for ${sectorId}`,
      })
    }),
})
