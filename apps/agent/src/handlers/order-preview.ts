import { MIB } from '@dmc/core/market/capacity-for-source'
import { planOrder } from '../account/create-order.ts'
import type { AgentContext } from '../agent-context.ts'
import type { Handler } from '../control/handler.ts'
import { orderWish } from '../order-wish.ts'
import { billRow } from '../rows/bill-row.ts'

/** flows 6 and 7: finds the bill and shows all that the order means; sends nothing. */
export const orderPreview: Handler<'order.preview', AgentContext> = async (ctx, input) => {
  const account = await ctx.account()
  const { wish } = await orderWish(ctx, input)
  const { plan, bill, terms, explanation } = await planOrder(account, wish)
  return {
    plan,
    bill: {
      ...billRow(ctx, bill, await ctx.contract.reader.chainTime()),
      cost: explanation.cost,
      pledge: explanation.pledge,
      orderCapacity: terms.capacity,
      misfit: null,
    },
    terms: {
      weeks: terms.weeks,
      maxPrice: terms.maxPrice,
      minPledgeRate: terms.minPledgeRate,
      maxBond: terms.maxBond,
      challenges: terms.challenges,
      capacity: terms.capacity * MIB,
    },
  }
}
