import { claimCall } from '@dmc/core/chain/acts/claim'
import { finishCall } from '@dmc/core/chain/acts/finish'
import { readOrder } from '@dmc/core/chain/read-order'
import { creditedTo } from '@dmc/core/market/acts/act'
import { explainClaim } from '@dmc/core/market/acts/claim'
import { explainFinish } from '@dmc/core/market/acts/finish'
import type { MarketParameters } from '@dmc/core/market/parameters'
import { formatTokens } from '@dmc/core/units/format-tokens'
import type { Address, LocalAccount } from 'viem'
import type { RpcClient } from '../chain/rpc-client.ts'
import type { TransactionSender } from '../chain/send-transaction.ts'
import type { Journal } from '../store/journal.ts'

export interface CollectContext {
  rpc: RpcClient
  market: Address
  operator: LocalAccount
  sender: TransactionSender
  journal: Journal
  parameters: () => Promise<MarketParameters>
  /** Most wei that the gas of one transaction may cost. */
  mostGasWei: bigint
  /** Token wei below which an order's earnings wait for more. */
  minimum: bigint
  signal: AbortSignal
}

/** An order of this host, and which of its sides the host is on. */
export interface Collectable {
  orderId: bigint
  role: 'user' | 'miner'
}

/** The user's host leaves the miner's so much time (seconds) to settle an order that is over: one of them is enough. */
const MINER_FIRST = 3_600n
/** It is worth as much tomorrow; only the gas is bounded. */
const NEVER = 2n ** 40n

/**
 * What an order owes this host's side is made credit: earnings that are enough to be worth the gas, and everything when the order is
 * over. Claim and finish pay only the wallets of the order, so the operator's key may send them. The same again sends nothing.
 * @returns what was sent; null when there is nothing to do now
 * @throws NO_GAS, GAS_TOO_DEAR, RPC_*, MARKET_* when somebody else was first
 */
export async function collectOrder(
  context: CollectContext,
  { orderId, role }: Collectable,
): Promise<'claim' | 'finish' | null> {
  const { rpc, market, operator, sender, journal, signal } = context
  const head = await rpc.head(0)
  const [order, block, parameters] = await Promise.all([
    readOrder(rpc.client, { market, orderId, blockNumber: head }),
    rpc.client.getBlock({ blockNumber: head }),
    context.parameters(),
  ])
  if (order.state !== 'active' || order.challenge !== null) return null
  const input = { order, parameters, now: block.timestamp, by: operator.address }
  const over = input.now > order.endsAt
  if (over && role === 'user' && input.now <= order.endsAt + MINER_FIRST) return null
  if (!over && role === 'user') return null
  const explained = over ? explainFinish(input) : explainClaim(input)
  const amount = creditedTo(explained.credits, role === 'user' ? order.user : order.miner)
  if (explained.problems.length > 0 || amount === 0n || (!over && amount < context.minimum)) return null
  const act = over ? 'finish' : 'claim'
  const intent = over ? `finish:${market}:${orderId}` : `claim:${market}:${orderId}:${order.claimed}`
  const found = sender.find(intent)
  if (found !== null && found !== 'pending') {
    // it was confirmed, and the order is as if it had not been: the node is behind, or a deep reorg took it
    if (found.blockNumber > head || (await sender.reopenLost(operator.address)) === 0) return null
  }
  await sender.send(
    {
      intent,
      account: operator,
      call: over ? finishCall(market, orderId) : claimCall(market, orderId),
      subject: `order:${orderId}`,
      urgency: { deadline: NEVER, window: NEVER, mostWei: context.mostGasWei },
      retryFailed: true,
    },
    { signal },
  )
  journal.add({
    event: over ? 'order-finished' : 'order-claimed',
    subject: `order:${orderId}`,
    message: over
      ? `Order ${orderId} is over and settled: ${formatTokens(amount)} are the ${role}’s credit now. dmc-agent wallet withdraw pays it out.`
      : `${formatTokens(amount)} that order ${orderId} has earned are credit now. dmc-agent wallet withdraw pays it out.`,
    data: { orderId, amount },
  })
  return act
}
