import { listBills } from '@dmc/core/chain/list-bills'
import { readBill } from '@dmc/core/chain/read-bill'
import { readOrder } from '@dmc/core/chain/read-order'
import * as z from 'zod'
import { billId, orderId } from '../inputs.ts'
import { anyone, router } from '../trpc.ts'

/** What everybody can read on chain. */
export const marketRouter = router({
  bills: anyone
    .input(
      z.strictObject({
        openOnly: z.boolean().default(true),
        limit: z.number().int().min(1).max(200).default(50),
      }),
    )
    .query(async ({ ctx, input }) => {
      const { client, market } = ctx.services.chain
      const now = BigInt(Math.floor(Date.now() / 1000))
      const items = (await listBills(client, { market })).filter(
        (bill) => !input.openOnly || (!bill.cancelled && bill.expiresAt >= now && bill.free > 0n),
      )
      return { items: items.slice(0, input.limit), total: items.length }
    }),
  bill: anyone.input(z.strictObject({ billId })).query(({ ctx, input }) => {
    const { client, market } = ctx.services.chain
    return readBill(client, { market, billId: input.billId })
  }),
  order: anyone.input(z.strictObject({ orderId })).query(({ ctx, input }) => {
    const { client, market } = ctx.services.chain
    return readOrder(client, { market, orderId: input.orderId })
  }),
})
