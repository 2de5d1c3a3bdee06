import type { Address } from 'viem'
import { type ChainCall, marketCall } from './market-call.ts'

/** flow 14: settles an order whose challenge was not answered in time; anyone may send it, `rewardTo` gets the reporter's share. */
export function slashCall(market: Address, orderId: bigint, rewardTo: Address): ChainCall {
  return marketCall(market, 'slash', [orderId, rewardTo])
}
