import type { Address } from 'viem'
import { type ChainCall, marketCall } from './market-call.ts'

/** Fewer weeks for an active order: `weeks` in total, from its start. */
export function shortenCall(market: Address, orderId: bigint, weeks: number): ChainCall {
  return marketCall(market, 'shorten', [orderId, BigInt(weeks)])
}
