import { printEvidence } from '@dmc/core/evidence/bundle'
import { collectEvidence } from '@dmc/core/evidence/collect-evidence'
import type { AgentContext } from '../agent-context.ts'
import type { Handler } from '../control/handler.ts'
import { keptAnswers } from '../kept-answers.ts'

export const orderEvidence: Handler<'order.evidence', AgentContext> = async (ctx, { orderId }) => {
  const { client, chainId } = ctx.rpc
  const bundle = await collectEvidence(client, {
    chainId,
    market: ctx.contract.reader.market,
    orderId,
    to: await ctx.rpc.confirmedHead(0),
    now: Math.floor(Date.now() / 1000),
    answers: keptAnswers(ctx.store, orderId),
  })
  return {
    text: printEvidence(bundle),
    events: 2 + bundle.operators.length + bundle.history.length,
    answers: bundle.answers.length,
    asOfBlock: bundle.asOf.block,
  }
}
