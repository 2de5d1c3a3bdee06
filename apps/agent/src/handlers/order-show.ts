import type { AgentContext } from '../agent-context.ts'
import { findContract } from '../contract/contract-rows.ts'
import type { Handler } from '../control/handler.ts'
import { orderProof } from '../rows/order-proof.ts'
import { orderRow } from '../rows/order-row.ts'

export const orderShow: Handler<'order.show', AgentContext> = async (ctx, { orderId }) => {
  const order = await ctx.contract.reader.order(orderId)
  const role = findContract(ctx.store, orderId, 'miner') ? 'miner' : 'user'
  return {
    order: await orderRow(ctx, order, role),
    journal: ctx.journal.list({ subject: `order:${orderId}` }),
    proof: role === 'user' && order.commitment ? orderProof(ctx, orderId, order.commitment) : null,
  }
}
