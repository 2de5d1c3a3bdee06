import { createOrder, planOrder } from '../account/create-order.ts'
import type { AgentContext } from '../agent-context.ts'
import { addContract } from '../contract/contract-rows.ts'
import type { Handler } from '../control/handler.ts'
import { orderIntent } from '../order-intent.ts'
import { orderWish } from '../order-wish.ts'
import { progressOf } from '../progress-of.ts'
import { crashPoint } from '../store/crash-point.ts'

/** flow 7: takes the order that was shown, at no more than was shown; permit, operator's grant and order in one transaction. */
export const orderCreate: Handler<'order.create', AgentContext> = async (ctx, input, emit, signal) => {
  const account = await ctx.account()
  const { source, wish } = await orderWish(ctx, input)
  const { sourceId } = source
  const intent = orderIntent(ctx.store, account.market, sourceId)
  const tell: typeof emit = (event) => {
    if (event.state === 'sent') crashPoint('order-sent')
    emit(event)
  }
  const { plan, result, orderId } = await createOrder(
    account,
    // the confirmed cost is the escrow's; the reserve was shown beside it and follows from the same bill and terms
    { ...wish, maxCost: input.maxCost + (wish.maxBond ?? 0n) * BigInt(wish.challenges) },
    { intent, subject: `source:${sourceId}`, ...progressOf(tell, signal) },
  )
  crashPoint('order-confirmed')
  const created = result?.events.find((event) => event.name === 'OrderCreated')
  addContract(ctx.store, {
    orderId,
    role: 'user',
    billId: created?.args.billId ?? wish.billId ?? 0n,
    capacityMib: Number(created?.args.capacity ?? wish.capacity),
    sourceId,
  })
  return {
    plan: plan ?? (await planOrder(account, wish)).plan,
    orderId,
    hashes: result ? [result.hash] : [],
  }
}
