import { listAnswers, listContracts, listProofDays, listProofs } from '@dmc/db/agents/reported'
import * as z from 'zod'
import { giveCommand } from '../agents/give-command.ts'
import { answerRow, proofRow } from '../agents/proof-rows.ts'
import { agentId, localId, orderId, requestKey } from '../inputs.ts'
import { ownCheckedOrder, ownSource, ownStoredOrder } from '../own.ts'
import { owned, router, signedIn } from '../trpc.ts'

const DAY_MS = 86_400_000
/** A check that a person asked for is not wanted any more when the host comes back hours later. */
const CHECK_MS = 10 * 60_000

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
  /** How the wallet's orders are proven, by host, and what checks came to day by day, all hosts together. */
  proofs: signedIn
    .input(
      z
        .strictObject({
          orderIds: z.array(orderId).max(200).optional(),
          days: z.number().int().min(1).max(90).default(30),
        })
        .default({ days: 30 }),
    )
    .query(async ({ ctx, input }) => {
      const { db } = ctx.services
      const owner = ctx.who.address
      const today = Math.floor(Date.now() / DAY_MS)
      const of = { owner, orderIds: input.orderIds }
      const [proofs, days] = await Promise.all([
        listProofs(db, of),
        listProofDays(db, { ...of, since: today - input.days + 1 }),
      ])
      return { today, proofs: proofs.map(proofRow), days }
    }),

  /** Has the miner show some of the order's data now; asked for again while it waits, it is another check. */
  check: owned
    .input(z.strictObject({ orderId, agentId: agentId.optional(), requestKey }))
    .mutation(async ({ ctx, input }) => {
      const { agentId } = await ownCheckedOrder(ctx, input)
      return giveCommand(ctx, {
        agentId,
        command: { kind: 'order.check', orderId: input.orderId },
        requestKey: input.requestKey,
        livesMs: CHECK_MS,
      })
    }),

  /** How far the wallet's hosts are with answers to challenges on chain. */
  answers: signedIn
    .input(z.strictObject({ orderIds: z.array(orderId).max(200).optional() }).default({}))
    .query(async ({ ctx, input }) =>
      (await listAnswers(ctx.services.db, { owner: ctx.who.address, orderIds: input.orderIds })).map(
        answerRow,
      ),
    ),
  /** Leaf and path for an order's open challenge, from the host that stores it: for a wallet that answers by itself. */
  answerProof: owned
    .input(z.strictObject({ orderId, agentId: agentId.optional() }))
    .mutation(async ({ ctx, input }) => {
      const { agentId } = await ownStoredOrder(ctx, input)
      return ctx.services.links.ask<'answer.proof'>(agentId, {
        kind: 'answer.proof',
        orderId: input.orderId,
      })
    }),
})
