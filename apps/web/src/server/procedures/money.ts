import { accountMoney } from '@dmc/db/market/account-money'
import { listPayments } from '@dmc/db/market/list-payments'
import { moneyByMonth } from '@dmc/db/market/money-by-month'
import { MONEY_PERIODS, moneyOverTime } from '@dmc/db/market/money-over-time'
import * as z from 'zod'
import { limit, orderId, place } from '../inputs.ts'
import { router, signedIn } from '../trpc.ts'

/** What the Market holds, owes and has paid for the wallet that is signed in. */
export const moneyRouter = router({
  summary: signedIn.query(async ({ ctx }) => {
    const { prisma } = ctx.services.db
    const account = ctx.who.address
    const [now, byMonth] = await Promise.all([
      accountMoney(prisma, account),
      moneyByMonth(prisma, { account }),
    ])
    return { ...now, byMonth }
  }),

  /** Payments of the wallet, summed by week or month and kind. */
  overTime: signedIn
    .input(z.strictObject({ by: z.enum(MONEY_PERIODS).default('week') }).default({ by: 'week' }))
    .query(({ ctx, input }) => moneyOverTime(ctx.services.db.prisma, { ...input, account: ctx.who.address })),

  payments: signedIn
    .input(
      z.strictObject({
        orderId: orderId.optional(),
        kinds: z.array(z.string().max(20)).max(20).optional(),
        limit,
        cursor: z
          .strictObject({
            blockNumber: place,
            logIndex: z
              .number()
              .int()
              .min(0)
              .max(2 ** 31 - 1),
            part: z
              .number()
              .int()
              .min(0)
              .max(2 ** 31 - 1),
          })
          .optional(),
      }),
    )
    .query(({ ctx, input }) => listPayments(ctx.services.db.prisma, { ...input, account: ctx.who.address })),
})
