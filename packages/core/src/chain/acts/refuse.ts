import type { Address } from 'viem'
import { type ChainCall, marketCall } from './market-call.ts'

/** flow 8: the miner, or its operator with REFUSE, says no to a preparing order; the reason has at most 128 bytes. */
export function refuseCall(market: Address, orderId: bigint, reason: string): ChainCall {
  return marketCall(market, 'refuse', [orderId, reason])
}
