import { cancelOrder, planCancelOrder } from '../account/cancel-order.ts'
import type { AgentContext } from '../agent-context.ts'
import { setContract } from '../contract/contract-rows.ts'
import type { Handler } from '../control/handler.ts'
import { progressOf } from '../progress-of.ts'

export const orderCancel: Handler<'order.cancel', AgentContext> = async (
  ctx,
  { mode, orderId },
  emit,
  signal,
) => {
  const account = await ctx.account()
  const { plan } = await planCancelOrder(account, orderId)
  if (mode === 'preview') return { plan, done: null }
  const intent = `cancel-order:${account.market}:${orderId}`
  const { result } = await cancelOrder(account, orderId, { intent, ...progressOf(emit, signal) })
  setContract(ctx.store, orderId, 'user', { state: 'closed' })
  return { plan, done: { orderId, hashes: result ? [result.hash] : [] } }
}
