import { DmcError } from '@dmc/core/errors/dmc-error'
import type { AgentContext } from '../agent-context.ts'
import { answerOrder } from '../answer/answer-order.ts'
import { listAnswers } from '../answer/answer-rows.ts'
import { answerContext } from '../answer/open-answering.ts'
import { planAnswer } from '../answer/plan-answer.ts'
import type { TransactionProgress } from '../chain/transaction-types.ts'
import type { Handler } from '../control/handler.ts'

/** The same intent as the running agent's own: asked for by hand it is the same transaction, never a second one. */
export const challengeAnswer: Handler<'challenge.answer', AgentContext> = async (
  ctx,
  { mode, orderId },
  emit,
  signal,
) => {
  const { plan, problems } = await planAnswer(ctx, orderId, { shown: mode === 'execute' })
  if (mode === 'preview') return { plan, done: null }
  if (problems[0] !== undefined) throw problems[0]
  const context = {
    ...answerContext(ctx),
    signal: AbortSignal.any([signal, ctx.signal]),
    onProgress: (progress: TransactionProgress) => emit({ type: 'transaction', ...progress }),
  }
  for (;;) {
    let over = false
    try {
      over = (await answerOrder(context, orderId)) === 'over'
    } catch (error) {
      // on its way, and not confirmed within our patience
      if (!DmcError.is(error) || error.code !== 'TX_DROPPED') throw error
    }
    if (!over) continue
    const [work] = listAnswers(ctx.store, orderId)
    if (work?.state === 'failed' && work.error) {
      throw new DmcError(work.error.code, work.error.message, { hint: work.error.hint })
    }
    return { plan, done: { orderId, hashes: work?.hash ? [work.hash] : [] } }
  }
}
