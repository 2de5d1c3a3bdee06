import { listSnapshots } from '@dmc/db/agents/reported'
import * as z from 'zod'
import { agentId, localId } from '../inputs.ts'
import { ownSnapshot, ownSource } from '../own.ts'
import { owned, router } from '../trpc.ts'

export const snapshotsRouter = router({
  list: owned
    .input(z.strictObject({ sourceId: localId, agentId: agentId.optional() }))
    .query(async ({ ctx, input }) => {
      const { sourceId, agentId, owner } = await ownSource(ctx, input)
      return listSnapshots(ctx.services.db, { owner, agentId, sourceId })
    }),

  /** Names inside a snapshot pass through to the screen; nothing of them is kept here. */
  ls: owned
    .input(
      z.strictObject({
        sourceId: localId,
        snapshotId: localId,
        agentId: agentId.optional(),
        path: z.string().max(4096).default(''),
      }),
    )
    .query(async ({ ctx, input }) => {
      const { agentId, sourceId, snapshotId } = await ownSnapshot(ctx, input)
      return ctx.services.links.ask<'snapshot.ls'>(agentId, {
        kind: 'snapshot.ls',
        sourceId,
        snapshotId,
        path: input.path,
      })
    }),
})
