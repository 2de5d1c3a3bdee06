import type { Address } from 'viem'
import { type ChainCall, marketCall } from './market-call.ts'

/** More weeks for an active order, at most `maxPrice` token wei per GiB-week; the Market must be allowed to take the cost. */
export function extendCall(market: Address, orderId: bigint, weeks: number, maxPrice: bigint): ChainCall {
  return marketCall(market, 'extendOrder', [orderId, BigInt(weeks), maxPrice])
}
