import { randomUUID } from 'node:crypto'
import { planWithdraw, withdraw } from '../account/withdraw.ts'
import type { AgentContext } from '../agent-context.ts'
import type { Handler } from '../control/handler.ts'
import { progressOf } from '../progress-of.ts'

/** Pays out to the wallet what refunds, earnings and freed pledges have left as credit at the Market. */
export const walletWithdraw: Handler<'wallet.withdraw', AgentContext> = async (
  ctx,
  { mode },
  emit,
  signal,
) => {
  const account = await ctx.account()
  const { plan } = await planWithdraw(account)
  const amount = plan.refund ?? 0n
  if (mode === 'preview') return { plan, done: null }
  const intent = `withdraw:${account.market}:${randomUUID()}`
  const { result } = await withdraw(account, { intent, ...progressOf(emit, signal) })
  return { plan, done: { amount, hashes: result ? [result.hash] : [] } }
}
