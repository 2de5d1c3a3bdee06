import { DmcError } from '@dmc/core/errors/dmc-error'
import { MIB } from '@dmc/core/market/capacity-for-source'
import { nextIntent } from '../account/next-intent.ts'
import { planShrinkBill, shrinkBill } from '../account/shrink-bill.ts'
import type { AgentContext } from '../agent-context.ts'
import type { Handler } from '../control/handler.ts'
import { progressOf } from '../progress-of.ts'

export const billShrink: Handler<'bill.shrink', AgentContext> = async (
  ctx,
  { mode, billId, capacity },
  emit,
  signal,
) => {
  if (capacity % MIB !== 0n) {
    throw new DmcError('BAD_SIZE', `${capacity} bytes are not whole MiB.`, { hint: 'For example: 512MiB.' })
  }
  const mib = capacity / MIB
  const account = await ctx.account()
  const { plan } = await planShrinkBill(account, billId, mib)
  if (mode === 'preview') return { plan, done: null }
  const intent = nextIntent(account.sender, `shrink-bill:${account.market}:${billId}:${mib}`)
  const { result } = await shrinkBill(account, billId, mib, { intent, ...progressOf(emit, signal) })
  return { plan, done: { billId, hashes: result ? [result.hash] : [] } }
}
