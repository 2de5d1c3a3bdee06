import { cancelBill, planCancelBill } from '../account/cancel-bill.ts'
import type { AgentContext } from '../agent-context.ts'
import type { Handler } from '../control/handler.ts'
import { progressOf } from '../progress-of.ts'

export const billCancel: Handler<'bill.cancel', AgentContext> = async (
  ctx,
  { mode, billId },
  emit,
  signal,
) => {
  const account = await ctx.account()
  const { plan } = await planCancelBill(account, billId)
  if (mode === 'preview') return { plan, done: null }
  const intent = `cancel-bill:${account.market}:${billId}`
  const { result } = await cancelBill(account, billId, { intent, ...progressOf(emit, signal) })
  return { plan, done: { billId, hashes: result ? [result.hash] : [] } }
}
