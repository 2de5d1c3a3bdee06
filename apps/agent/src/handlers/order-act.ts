import { nextIntent } from '../account/next-intent.ts'
import { orderAct as execute, planOrderAct } from '../account/order-act.ts'
import type { AgentContext } from '../agent-context.ts'
import type { Handler } from '../control/handler.ts'
import { progressOf } from '../progress-of.ts'

/** Extend, shorten, end, quit, top up, claim, finish, refuse, slash: explained, then sent. */
export const orderAct: Handler<'order.act', AgentContext> = async (
  ctx,
  { mode, orderId, act },
  emit,
  signal,
) => {
  const account = await ctx.account()
  const { plan } = await planOrderAct(account, orderId, act)
  if (mode === 'preview') return { plan, done: null }
  const wish = Object.values(act).map(String).join(':')
  const intent = nextIntent(account.sender, `order-act:${account.market}:${orderId}:${wish}`)
  const { result } = await execute(account, orderId, act, { intent, ...progressOf(emit, signal) })
  return { plan, done: { orderId, hashes: result ? [result.hash] : [] } }
}
