import { marketCall } from '@dmc/core/chain/acts/market-call'
import { reading } from '@dmc/core/chain/chain-error'
import { readOrder } from '@dmc/core/chain/read-order'
import { divideSlashedPledge } from '@dmc/core/market/pledge'
import { formatTime } from '@dmc/core/units/format-time'
import { formatTokens } from '@dmc/core/units/format-tokens'
import type { Address } from 'viem'
import type { AnswerContext } from '../answer/context.ts'
import type { TransactionResult } from '../chain/transaction-types.ts'
import { checkReward } from './check-reward.ts'

/** An order that this host may slash, and for whom. */
export interface Slashable {
  orderId: bigint
  /** null: nobody is known that could be rewarded. */
  rewardTo: Address | null
  /** The wallet's own: its money is at stake, so the gas always makes sense. */
  own: boolean
}

export type SlashContext = Omit<AnswerContext, 'proofs' | 'roleIn'>

/** Nothing to do; look again in so many ms; or look again soon. */
export type SlashLook = { kind: 'over' } | { kind: 'later'; ms: number } | { kind: 'again' }

const PATIENCE_MS = 20_000
/** It is worth as much tomorrow; only the gas is bounded. */
const NEVER = 2n ** 40n

/**
 * flow 14: one look at an order by the newest block: when a challenge's deadline has passed without an answer the order is slashed
 * with this host's key, and the reward goes to a wallet, never to an operator.
 * @throws MARKET_REWARD_TO_OPERATOR, MARKET_BAD_REWARD_ADDRESS before anything is sent; NO_GAS, GAS_TOO_DEAR, RPC_*
 */
export async function slashOrder(
  context: SlashContext,
  { orderId, rewardTo, own }: Slashable,
): Promise<SlashLook> {
  const { rpc, market, sender, signal, alarms } = context
  const head = await rpc.head(0)
  const [order, block] = await Promise.all([
    readOrder(rpc.client, { market, orderId, blockNumber: head }),
    reading(`block ${head}`, () => rpc.client.getBlock({ blockNumber: head })),
  ])
  const { challenge } = order
  if (order.state !== 'active' || challenge === null) {
    alarms.clear(`slash:${orderId}`)
    return { kind: 'over' }
  }
  const { deadline } = challenge
  if (block.timestamp <= deadline) {
    return { kind: 'later', ms: Number(deadline - block.timestamp + 1n) * 1000 }
  }
  if (rewardTo === null) return { kind: 'over' }
  const { reporter } = divideSlashedPledge(order.pledge, await context.parameters())
  if (!own && reporter === 0n) return { kind: 'over' }
  await checkReward({ client: rpc.client, market }, order, rewardTo)
  const how = { signal, patienceMs: PATIENCE_MS }
  const intent = `slash:${market}:${orderId}:${deadline}`
  const found = sender.find(intent)
  if (found !== null && found !== 'pending') {
    // it was confirmed, and the order is active all the same: a deep reorg
    if (found.blockNumber > head) return { kind: 'again' }
    await sender.reopenLost(context.operator.address)
  } else if (found === null) {
    context.journal.add({
      level: own ? 'error' : 'warning',
      event: 'deadline-missed',
      subject: `order:${orderId}`,
      message: `The miner of order ${orderId} has not proved leaf ${challenge.leafIndex} by ${formatTime(deadline)}: the order is slashed.`,
    })
  }
  const call = marketCall(market, 'slash', [orderId, rewardTo])
  const urgency = { deadline: NEVER, window: NEVER, mostWei: context.mostGasWei }
  const request = { intent, account: context.operator, call, subject: `order:${orderId}`, urgency }
  const result = await (sender.join(intent, how) ?? sender.send({ ...request, retryFailed: true }, how))
  noteSlashed(context, orderId, result)
  return { kind: 'again' }
}

function noteSlashed({ journal, alarms }: SlashContext, orderId: bigint, result: TransactionResult): void {
  for (const event of result.events) {
    if (event.name !== 'OrderSlashed' || event.args.orderId !== orderId) continue
    const { rewardTo, toUser, reward } = event.args
    journal.add({
      level: 'warning',
      event: 'order-slashed',
      subject: `order:${orderId}`,
      message: `Order ${orderId} is slashed: its user is credited ${formatTokens(toUser)}, ${rewardTo} ${formatTokens(reward)} for it. dmc-agent wallet withdraw pays credit out.`,
      data: { hash: result.hash, block: result.blockNumber },
    })
  }
  alarms.clear(`slash:${orderId}`)
}
