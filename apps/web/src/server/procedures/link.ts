import { randomBytes } from 'node:crypto'
import { command, type DeliveredCommand } from '@dmc/core/dashboard/commands'
import { reportBatch } from '@dmc/core/dashboard/reports'
import { addNonce } from '@dmc/db/account/nonces'
import { applyReports } from '@dmc/db/agents/apply-reports'
import { noteTaken, queuedCommands } from '@dmc/db/agents/commands'
import { tracked } from '@trpc/server'
import * as z from 'zod'
import { readJsonArgs } from '../agents/command-json.ts'
import { revoked } from '../agents/verify-agent.ts'
import { commandId } from '../inputs.ts'
import { tooMany } from '../limits.ts'
import { agentOnly, anyone, router } from '../trpc.ts'

/** An agent's own procedures, on its socket. */
export const linkRouter = router({
  /** For the hello of an agent's socket; fetched over HTTP before it. */
  nonce: anyone.mutation(async ({ ctx }) => {
    const { db } = ctx.services
    if (!ctx.services.agentNonces.take(ctx.remote)) throw tooMany()
    const nonce = `0x${randomBytes(32).toString('hex')}`
    await addNonce(db, { nonce, kind: 'agent', expiresAt: new Date(Date.now() + 120_000) })
    return { nonce }
  }),

  /** Answers how far everything is kept, and what there was no room for; what came before is passed over. */
  report: agentOnly.input(reportBatch).mutation(async ({ ctx, input }) => {
    const { agentId, owner } = ctx.who
    if (!ctx.services.reports.take(agentId)) throw tooMany()
    const applied = await applyReports(ctx.services.db, { agentId, owner, ...input, now: new Date() })
    if (applied === null) throw revoked()
    return { lastSeq: applied.lastSeq, full: applied.full ?? [] }
  }),

  /**
   * Commands, oldest first, until the agent has confirmed to have each: at least once. The rows are the queue, so a command that was
   * given while nobody listened comes with the next connection.
   */
  commands: agentOnly
    .input(z.strictObject({ lastEventId: z.string().max(20).nullish() }))
    .subscription(async function* ({ ctx, signal }) {
      const { db, bell } = ctx.services
      const { agentId } = ctx.who
      const ended = signal ?? new AbortController().signal
      const sent = new Set<bigint>()
      while (!ended.aborted) {
        const rung = bell.arm(agentId, ended)
        for (const row of await queuedCommands(db, agentId, new Date())) {
          if (sent.has(row.id)) continue
          sent.add(row.id)
          const parsed = command.safeParse(readJsonArgs(row.args))
          if (!parsed.success) continue // written by another version of this server; it expires
          const delivered: DeliveredCommand = {
            commandId: row.id,
            command: parsed.data,
            expiresMs: row.expiresAt.getTime(),
          }
          yield tracked(String(row.id), delivered)
        }
        await rung
      }
    }),

  /** The agent has these in its own store: they need not come again. */
  took: agentOnly
    .input(z.strictObject({ commandIds: z.array(commandId).min(1).max(100) }))
    .mutation(async ({ ctx, input }) => {
      await noteTaken(ctx.services.db, { agentId: ctx.who.agentId, ...input, now: new Date() })
      return { taken: input.commandIds.length }
    }),

  /** Questions of screens; not kept, so not numbered. */
  asks: agentOnly.subscription(async function* ({ ctx, signal }) {
    yield* ctx.services.links.asks(ctx.who.agentId, signal ?? new AbortController().signal)
  }),

  answer: agentOnly
    .input(
      z.strictObject({
        askId: z.uuid(),
        answer: z.unknown(),
        error: z
          .strictObject({
            code: z.string().max(64),
            message: z.string().max(1000),
            hint: z.string().max(500),
          })
          .nullable(),
      }),
    )
    .mutation(({ ctx, input }) => {
      ctx.services.links.answer(ctx.who.agentId, { ...input, answer: input.answer })
      return { received: true }
    }),
})
