import type { Address, PublicClient } from 'viem'
import { reading } from './chain-error.ts'
import { type MarketAt, readMarket } from './read-market.ts'
import { readOrder } from './read-order.ts'
import type { OrderOnChain } from './types.ts'

/**
 * The orders of a user, newest first, by `eth_call` alone: the Market names the newest and each order the one before. Enough for
 * recovery on an empty machine; no log is read.
 */
export async function listOrdersOf(
  client: PublicClient,
  at: MarketAt & { user: Address },
): Promise<OrderOnChain[]> {
  const orders: OrderOnChain[] = []
  let orderId = await reading('the newest order', () => readMarket(client, at, 'newestOrderOf', [at.user]))
  while (orderId !== 0n) {
    const order = await readOrder(client, { ...at, orderId })
    orders.push(order)
    orderId = order.previousOfUser
  }
  return orders
}
