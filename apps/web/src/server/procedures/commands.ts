import { findCommandOf } from '@dmc/db/agents/commands'
import * as z from 'zod'
import { commandId } from '../inputs.ts'
import { missing } from '../own.ts'
import { owned, router } from '../trpc.ts'

/** What became of something that an agent was asked to do. */
export const commandsRouter = router({
  get: owned.input(z.strictObject({ commandId })).query(async ({ ctx, input }) => {
    const command = await findCommandOf(ctx.services.db, { ...input, owner: ctx.who.address })
    if (!command) missing('command', String(input.commandId))
    const { id, agentId, kind, state, result, error, createdAt, deliveredAt, finishedAt, expiresAt } = command
    return {
      commandId: id,
      agentId,
      kind,
      state,
      result,
      error,
      createdAt,
      deliveredAt,
      finishedAt,
      expiresAt,
    }
  }),
})
