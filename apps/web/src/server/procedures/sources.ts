import { listJobs, listSnapshots, listSources } from '@dmc/db/agents/reported'
import * as z from 'zod'
import { carryOut, giveCommand } from '../agents/give-command.ts'
import { sourceRow } from '../agents/reported-rows.ts'
import { agentId, hostPath, localId, requestKey } from '../inputs.ts'
import { ownAgent, ownSource } from '../own.ts'
import { owned, router, signedIn } from '../trpc.ts'

/** What a wallet backs up, as its agents last reported. */
export const sourcesRouter = router({
  list: signedIn
    .input(z.strictObject({ agentId: agentId.optional() }).default({}))
    .query(async ({ ctx, input }) => {
      const { db } = ctx.services
      const owner = ctx.who.address
      const [sources, jobs] = await Promise.all([
        listSources(db, { owner, agentId: input.agentId }),
        listJobs(db, { owner, kind: 'backup', open: true, limit: 200 }),
      ])
      return sources.map((source) => sourceRow(source, jobs))
    }),

  get: owned
    .input(z.strictObject({ sourceId: localId, agentId: agentId.optional() }))
    .query(async ({ ctx, input }) => {
      const { db } = ctx.services
      const source = await ownSource(ctx, input)
      const { sourceId, agentId, owner } = source
      const [jobs, snapshots] = await Promise.all([
        listJobs(db, { owner, sourceId, limit: 20 }),
        listSnapshots(db, { owner, agentId, sourceId }),
      ])
      return { ...sourceRow(source, jobs), jobs, snapshots }
    }),

  /** How much a folder holds; counted by the agent now. */
  estimate: owned.input(z.strictObject({ agentId, path: hostPath })).query(async ({ ctx, input }) => {
    await ownAgent(ctx, input.agentId)
    return ctx.services.links.ask<'estimate'>(input.agentId, { kind: 'estimate', path: input.path })
  }),

  /** Asks the agent to register a folder, and waits for it. */
  add: owned
    .input(
      z.strictObject({ agentId, path: hostPath, name: z.string().min(1).max(64).optional(), requestKey }),
    )
    .mutation(async ({ ctx, input }) => {
      await ownAgent(ctx, input.agentId)
      const { path, name } = input
      const { commandId, result } = await carryOut(ctx, {
        agentId: input.agentId,
        command: { kind: 'source.add', path, ...(name === undefined ? {} : { name }) },
        requestKey: input.requestKey,
      })
      return { commandId, sourceId: String(result.sourceId ?? '') }
    }),

  /** Backs up now, into the order that the source has. */
  backUp: owned
    .input(z.strictObject({ sourceId: localId, agentId: agentId.optional(), requestKey }))
    .mutation(async ({ ctx, input }) => {
      const { sourceId, agentId } = await ownSource(ctx, input)
      return giveCommand(ctx, {
        agentId,
        command: { kind: 'backup.start', sourceId },
        requestKey: input.requestKey,
      })
    }),
})
