import type { AgentContext } from '../agent-context.ts'
import { listChecks } from '../challenge/check-rows.ts'
import type { Handler } from '../control/handler.ts'
import { orderProof, proofDays } from '../rows/order-proof.ts'

/** flow 14: what came of the off-chain challenges of an order. */
export const orderChecks: Handler<'order.checks', AgentContext> = async (ctx, { orderId, limit }) => {
  const { commitment } = await ctx.contract.reader.order(orderId)
  return {
    orderId,
    proof: orderProof(ctx, orderId, commitment),
    checks: listChecks(ctx.store, orderId, limit),
    days: proofDays(ctx, orderId),
  }
}
