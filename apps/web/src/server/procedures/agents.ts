import { listAgents, renameAgent, revokeAgent } from '@dmc/db/agents/agents'
import * as z from 'zod'
import { agentRow } from '../agents/agent-row.ts'
import { agentId, hostPath, label } from '../inputs.ts'
import { AGENT_REVOKED_CHANNEL } from '../live/channels.ts'
import { missing, ownAgent } from '../own.ts'
import { owned, router, signedIn } from '../trpc.ts'

/** The wallet's paired hosts. */
export const agentsRouter = router({
  list: signedIn.query(async ({ ctx }) => (await listAgents(ctx.services.db, ctx.who.address)).map(agentRow)),

  get: owned
    .input(z.strictObject({ agentId }))
    .query(async ({ ctx, input }) => agentRow(await ownAgent(ctx, input.agentId))),

  rename: owned.input(z.strictObject({ agentId, name: label })).mutation(async ({ ctx, input }) => {
    const renamed = await renameAgent(ctx.services.db, { ...input, owner: ctx.who.address })
    if (!renamed) missing('agent', input.agentId)
    return { name: input.name }
  }),

  /** Its key opens nothing here any more. What the key may do on chain only the wallet can take back (setOperator, scopes 0). */
  revoke: owned.input(z.strictObject({ agentId })).mutation(async ({ ctx, input }) => {
    const { db } = ctx.services
    const of = { agentId: input.agentId, owner: ctx.who.address, now: new Date() }
    if (!(await revokeAgent(db, of))) missing('agent', input.agentId)
    await db.notify(AGENT_REVOKED_CHANNEL, input.agentId)
    return { revoked: true }
  }),

  /** A folder of the host, inside what the host allows; `path` null: the allowed folders themselves. */
  browse: owned
    .input(
      z.strictObject({
        agentId,
        kind: z.enum(['read', 'restore', 'sector']),
        path: hostPath.nullable(),
      }),
    )
    .query(async ({ ctx, input }) => {
      await ownAgent(ctx, input.agentId)
      return ctx.services.links.ask<'browse'>(input.agentId, {
        kind: 'browse',
        root: input.kind,
        path: input.path,
      })
    }),

  mounts: owned.input(z.strictObject({ agentId })).query(async ({ ctx, input }) => {
    await ownAgent(ctx, input.agentId)
    const { mounts } = await ctx.services.links.ask<'mounts'>(input.agentId, { kind: 'mounts' })
    return mounts
  }),
})
