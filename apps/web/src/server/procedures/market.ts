import { billNotFound } from '@dmc/core/chain/read-bill'
import { DmcError } from '@dmc/core/errors/dmc-error'
import { CHALLENGE_STATES, ORDER_STATES } from '@dmc/core/market/states'
import { findBill } from '@dmc/db/market/find-bill'
import { findOrder } from '@dmc/db/market/find-order'
import { BILL_SORTS, listBills } from '@dmc/db/market/list-bills'
import { listChallenges } from '@dmc/db/market/list-challenges'
import { listEvents } from '@dmc/db/market/list-events'
import { listOperators } from '@dmc/db/market/list-operators'
import { listOrders, ORDER_SORTS } from '@dmc/db/market/list-orders'
import { marketSummary } from '@dmc/db/market/market-summary'
import { minerSummary } from '@dmc/db/market/miner-summary'
import { priceDistribution, pricePercentile } from '@dmc/db/market/price-percentile'
import * as z from 'zod'
import { address, billId, limit, orderId, place } from '../inputs.ts'
import { anyone, router } from '../trpc.ts'

const money = z
  .bigint()
  .min(0n)
  .max(2n ** 128n)
const direction = z.enum(['asc', 'desc']).optional()
const cursor = place.optional()

/** What everybody can read on chain, from the database that follows it. */
export const marketRouter = router({
  stats: anyone.query(({ ctx }) => marketSummary(ctx.services.db.prisma)),

  bills: anyone
    .input(
      z.strictObject({
        miner: address.optional(),
        openOnly: z.boolean().default(true),
        weeks: z.number().int().min(1).max(65_535).optional(),
        capacityMiB: z
          .bigint()
          .min(1n)
          .max(2n ** 32n)
          .optional(),
        maxPrice: money.optional(),
        minPledgeRate: z.number().int().min(0).max(65_535).optional(),
        sort: z.enum(BILL_SORTS).optional(),
        direction,
        limit,
        cursor,
      }),
    )
    .query(({ ctx, input: { capacityMiB, ...input } }) =>
      listBills(ctx.services.db.prisma, { ...input, capacity: capacityMiB }),
    ),

  bill: anyone.input(z.strictObject({ billId })).query(async ({ ctx, input }) => {
    const { prisma } = ctx.services.db
    const [bill, events] = await Promise.all([
      findBill(prisma, input.billId),
      listEvents(prisma, { billId: input.billId, direction: 'desc', limit: 100 }),
    ])
    if (!bill) throw billNotFound({ market: ctx.services.chain.market, billId: input.billId })
    return { ...bill, events: events.items }
  }),

  order: anyone.input(z.strictObject({ orderId })).query(async ({ ctx, input }) => {
    const order = await findOrder(ctx.services.db.prisma, input.orderId)
    if (order) return order
    throw new DmcError(
      'ORDER_NOT_FOUND',
      `There is no order ${input.orderId} that this dashboard has seen.`,
      {
        hint: 'One that was just placed appears within some seconds.',
      },
    )
  }),

  orders: anyone
    .input(
      z.strictObject({
        user: address.optional(),
        miner: address.optional(),
        billId: billId.optional(),
        states: z.array(z.enum(ORDER_STATES)).max(ORDER_STATES.length).optional(),
        sort: z.enum(ORDER_SORTS).optional(),
        direction,
        limit,
        cursor,
      }),
    )
    .query(({ ctx, input }) => listOrders(ctx.services.db.prisma, input)),

  events: anyone
    .input(
      z.strictObject({
        orderId: orderId.optional(),
        billId: billId.optional(),
        account: address.optional(),
        limit,
        cursor: z
          .strictObject({
            blockNumber: place,
            logIndex: z
              .number()
              .int()
              .min(0)
              .max(2 ** 31 - 1),
          })
          .optional(),
      }),
    )
    .query(({ ctx, input }) => listEvents(ctx.services.db.prisma, input)),

  miner: anyone
    .input(z.strictObject({ address }))
    .query(({ ctx, input }) => minerSummary(ctx.services.db.prisma, input.address)),

  challenges: anyone
    .input(
      z.strictObject({
        user: address.optional(),
        miner: address.optional(),
        orderId: orderId.optional(),
        states: z.array(z.enum(CHALLENGE_STATES)).max(CHALLENGE_STATES.length).optional(),
        limit,
      }),
    )
    .query(({ ctx, input }) => listChallenges(ctx.services.db.prisma, input)),

  /** Every operator that a wallet has authorised, as the chain says. */
  operators: anyone
    .input(z.strictObject({ owner: address }))
    .query(({ ctx, input }) => listOperators(ctx.services.db.prisma, input.owner)),

  /** Where a price stands among the open bills: 0 the cheapest, 100 the dearest. */
  prices: anyone.input(z.strictObject({ price: money.optional() })).query(async ({ ctx, input }) => {
    const { prisma } = ctx.services.db
    const [distribution, percentile] = await Promise.all([
      priceDistribution(prisma),
      input.price === undefined ? null : pricePercentile(prisma, input.price),
    ])
    return { ...distribution, percentile }
  }),
})
