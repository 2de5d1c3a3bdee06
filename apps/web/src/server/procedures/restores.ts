import { findJobOfCommand, listJobs } from '@dmc/db/agents/reported'
import * as z from 'zod'
import { giveCommand } from '../agents/give-command.ts'
import { agentId, commandId, hostPath, limit, localId, requestKey } from '../inputs.ts'
import { ownAgent, ownSnapshot } from '../own.ts'
import { owned, router, signedIn } from '../trpc.ts'

/** Restores run on the agent, into a new folder inside what the host allows. */
export const restoresRouter = router({
  start: owned
    .input(
      z.strictObject({
        sourceId: localId,
        snapshotId: localId,
        agentId: agentId.optional(),
        /** Empty: all of it. */
        paths: z.array(hostPath).max(500).default([]),
        target: hostPath,
        requestKey,
      }),
    )
    .mutation(async ({ ctx, input }) => {
      const { agentId, sourceId, snapshotId } = await ownSnapshot(ctx, input)
      const { paths, target } = input
      const given = await giveCommand(ctx, {
        agentId,
        command: { kind: 'restore.start', sourceId, snapshotId, paths, target },
        requestKey: input.requestKey,
      })
      return { ...given, agentId }
    }),

  list: signedIn
    .input(z.strictObject({ limit }).default({ limit: 50 }))
    .query(({ ctx, input }) =>
      listJobs(ctx.services.db, { owner: ctx.who.address, kind: 'restore', limit: input.limit }),
    ),

  /** The job that a restore's command started; null until the agent has begun. */
  get: owned.input(z.strictObject({ agentId, commandId })).query(async ({ ctx, input }) => {
    await ownAgent(ctx, input.agentId)
    return findJobOfCommand(ctx.services.db, { owner: ctx.who.address, ...input })
  }),
})
