import { answerCall } from '@dmc/core/chain/acts/answer'
import { reading } from '@dmc/core/chain/chain-error'
import { readOrder } from '@dmc/core/chain/read-order'
import { DmcError } from '@dmc/core/errors/dmc-error'
import { formatDuration } from '@dmc/core/units/format-duration'
import { formatTime } from '@dmc/core/units/format-time'
import { formatTokens } from '@dmc/core/units/format-tokens'
import { makePlan, type Planned } from '../account/plan.ts'
import type { AgentContext } from '../agent-context.ts'
import { type AnswerWork, listAnswers } from './answer-rows.ts'
import { buildAnswer } from './build-answer.ts'
import { answerContext } from './open-answering.ts'
import { orderNotHere } from './order-not-here.ts'

/** Longer than a person looks at a plan and decides. */
const JUST_NOW_MS = 10 * 60_000

/**
 * flow 14, by hand: what answering the open challenge of an order would do. Signed by this host's key: anyone may answer.
 * `shown`: a person has agreed to such a plan, so that an answer of this agent that was mined meanwhile is no error.
 * @throws MARKET_NO_CHALLENGE, ORDER_NOT_FOUND, SECTOR_DAMAGED when the data can't be proved; RPC_*
 */
export async function planAnswer(
  ctx: AgentContext,
  orderId: bigint,
  { shown = false }: { shown?: boolean } = {},
): Promise<Planned> {
  const { market } = ctx.config.chain
  const [order, block] = await Promise.all([
    readOrder(ctx.rpc.client, { market, orderId }),
    reading('the newest block', () => ctx.rpc.client.getBlock({ blockTag: 'latest' })),
  ])
  const { challenge } = order
  const own = ownAnswer(ctx, orderId, shown)
  if (own !== null && (challenge === null || challenge.deadline === own.deadline)) {
    return makePlan(await ctx.account(), {
      title: `Answer the challenge of order ${orderId}: prove leaf ${own.leaf}`,
      account: ctx.operator,
      call: null,
      facts: [
        [
          own.state === 'confirmed' ? 'Answered' : 'On its way',
          `this agent ${own.state === 'confirmed' ? 'has just answered it' : 'has sent the answer'}; nothing more is signed${own.hash ? ` (${own.hash})` : ''}`,
        ],
      ],
    })
  }
  if (order.state !== 'active' || challenge === null) {
    throw new DmcError('MARKET_NO_CHALLENGE', `Order ${orderId} has no open challenge.`, {
      hint: 'It was answered already, or never asked.',
    })
  }
  const { leafIndex, deadline, bond } = challenge
  const held = await answerContext(ctx).proofs(orderId, { anew: false })
  if (held === null) throw orderNotHere(orderId)
  const proof = await buildAnswer(held, order, leafIndex)
  const late = block.timestamp > deadline
  return makePlan(await ctx.account(), {
    title: `Answer the challenge of order ${orderId}: prove leaf ${leafIndex}`,
    account: ctx.operator,
    call: () => answerCall(market, orderId, proof),
    facts: [
      [
        'To be answered by',
        `${formatTime(deadline)}${late ? ', which has passed' : ` (in ${formatDuration(deadline - block.timestamp)})`}`,
      ],
      ['Earns the miner', `${formatTokens(bond)}, the user’s bond, as credit`],
      [
        'If nobody answers',
        `anyone may slash the order: the miner loses its pledge of ${formatTokens(order.pledge)} and ${formatTokens(order.escrow)} of unclaimed payment`,
      ],
    ],
  })
}

/** This agent was quicker than the person: what it sent is waited for, and while they looked at the plan it may have been mined. */
function ownAnswer({ store, sender }: AgentContext, orderId: bigint, shown: boolean): AnswerWork | null {
  const [latest] = listAnswers(store, orderId)
  if (!latest?.intent) return null
  const justNow = shown && latest.state === 'confirmed' && Date.now() - latest.updatedMs < JUST_NOW_MS
  const onItsWay = latest.state !== 'failed' && sender.find(latest.intent) === 'pending'
  return justNow || onItsWay ? latest : null
}
