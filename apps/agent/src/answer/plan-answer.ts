import { answerCall } from '@dmc/core/chain/acts/answer'
import { reading } from '@dmc/core/chain/chain-error'
import { readOrder } from '@dmc/core/chain/read-order'
import { DmcError } from '@dmc/core/errors/dmc-error'
import { formatDuration } from '@dmc/core/units/format-duration'
import { formatTime } from '@dmc/core/units/format-time'
import { formatTokens } from '@dmc/core/units/format-tokens'
import { makePlan, type Planned } from '../account/plan.ts'
import type { AgentContext } from '../agent-context.ts'
import { buildAnswer } from './build-answer.ts'
import { answerContext } from './open-answering.ts'
import { orderNotHere } from './order-not-here.ts'

/**
 * flow 14, by hand: what answering the open challenge of an order would do. Signed by this host's key: anyone may answer.
 * @throws MARKET_NO_CHALLENGE, ORDER_NOT_FOUND, SECTOR_DAMAGED when the data can't be proved; RPC_*
 */
export async function planAnswer(ctx: AgentContext, orderId: bigint): Promise<Planned> {
  const { market } = ctx.config.chain
  const [order, block] = await Promise.all([
    readOrder(ctx.rpc.client, { market, orderId }),
    reading('the newest block', () => ctx.rpc.client.getBlock({ blockTag: 'latest' })),
  ])
  const { challenge } = order
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
