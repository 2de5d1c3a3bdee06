import type { AgentContext } from '../agent-context.ts'
import type { Handler } from '../control/handler.ts'
import { orderProof } from '../rows/order-proof.ts'

/** flow 14, off chain: the miner proves leaves or a probe now. A check that does not pass is an answer, not an error. */
export const orderCheck: Handler<'order.check', AgentContext> = async (ctx, { orderId, leaves, probe }) => {
  const { row, result } = await ctx.checks.check(orderId, {
    why: 'person',
    probe,
    ...(leaves === undefined ? {} : { leaves }),
  })
  return {
    check: row,
    failingLeaf: result.failingLeaf,
    proof: orderProof(ctx, orderId, result.commitment),
  }
}
