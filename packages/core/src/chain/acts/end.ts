import type { Address } from 'viem'
import { type ChainCall, marketCall } from './market-call.ts'

/** States one side's wish to end an active order now, standing until `validUntil` (unix seconds); 0 withdraws it. */
export function endCall(market: Address, orderId: bigint, validUntil: bigint): ChainCall {
  return marketCall(market, 'end', [orderId, validUntil])
}
