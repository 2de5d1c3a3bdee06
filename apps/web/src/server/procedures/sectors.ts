import { listSectors } from '@dmc/db/agents/reported'
import * as z from 'zod'
import { carryOut, giveCommand } from '../agents/give-command.ts'
import { sectorRow } from '../agents/reported-rows.ts'
import { agentId, hostPath, requestKey } from '../inputs.ts'
import { ownAgent } from '../own.ts'
import { owned, router, signedIn } from '../trpc.ts'

/** Space that a wallet's hosts offer, as they last reported. */
export const sectorsRouter = router({
  list: signedIn.query(async ({ ctx }) =>
    (await listSectors(ctx.services.db, { owner: ctx.who.address })).map(sectorRow),
  ),

  add: owned
    .input(
      z.strictObject({
        agentId,
        path: hostPath,
        sizeBytes: z
          .bigint()
          .min(1n)
          .max(2n ** 53n),
        requestKey,
      }),
    )
    .mutation(async ({ ctx, input }) => {
      await ownAgent(ctx, input.agentId)
      const { commandId, result } = await carryOut(ctx, {
        agentId: input.agentId,
        command: { kind: 'sector.add', path: input.path, size: input.sizeBytes },
        requestKey: input.requestKey,
      })
      return { commandId, sectorId: String(result.sectorId ?? '') }
    }),

  /** The agent puts its own address on chain with its operator key. */
  publishEndpoint: owned.input(z.strictObject({ agentId, requestKey })).mutation(async ({ ctx, input }) => {
    await ownAgent(ctx, input.agentId)
    return giveCommand(ctx, {
      agentId: input.agentId,
      command: { kind: 'endpoint.publish' },
      requestKey: input.requestKey,
    })
  }),
})
