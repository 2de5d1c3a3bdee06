import { readOrder } from '@dmc/core/chain/read-order'
import { pickLeaves } from '@dmc/core/challenge/pick-leaves'
import { LEAF_SIZE } from '@dmc/core/merkle/constants'
import { challengeIntent, challengeOrder, planChallenge } from '../account/challenge-order.ts'
import type { AgentContext } from '../agent-context.ts'
import { strongRandom } from '../challenge/checker.ts'
import { findEscalation } from '../challenge/escalation-rows.ts'
import type { Handler } from '../control/handler.ts'
import { progressOf } from '../progress-of.ts'

/** flow 14: the miner proves a leaf on chain, or can be slashed. */
export const orderChallenge: Handler<'order.challenge', AgentContext> = async (ctx, input, emit, signal) => {
  const { mode, orderId } = input
  const account = await ctx.account()
  const { market } = account
  const order = await readOrder(ctx.rpc.client, { market, orderId })
  const leaves = (order.commitment?.size ?? 0n) / BigInt(LEAF_SIZE)
  const leaf =
    input.leaf ?? findEscalation(ctx.store, orderId)?.leaf ?? pickLeaves(leaves, 1, strongRandom)[0] ?? 0n
  const { plan } = await planChallenge(account, orderId, leaf)
  if (mode === 'preview') return { plan, done: null, leaf }
  const intent = challengeIntent(market, order, leaf)
  const { result } = await challengeOrder(account, orderId, leaf, { intent, ...progressOf(emit, signal) })
  ctx.checks.escalator?.noteOpened(orderId, leaf)
  const opened = result?.events.find((event) => event.name === 'ChallengeOpened')
  const deadline = opened?.args.deadline ?? 0n
  ctx.journal.add({
    level: 'warning',
    event: 'challenge-opened',
    subject: `order:${orderId}`,
    message: `Leaf ${leaf} of order ${orderId} is challenged on chain, as asked for.`,
    data: { orderId, leaf, deadline, hash: result?.hash ?? '' },
  })
  return { plan, done: { orderId, leaf, deadline, hashes: result ? [result.hash] : [] }, leaf }
}
