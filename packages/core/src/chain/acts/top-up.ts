import type { Address } from 'viem'
import { type ChainCall, marketCall } from './market-call.ts'

/** Bonds of so many more challenges for an order's reserve; the Market must be allowed to take them. */
export function topUpCall(market: Address, orderId: bigint, challenges: number): ChainCall {
  return marketCall(market, 'topUp', [orderId, BigInt(challenges)])
}
