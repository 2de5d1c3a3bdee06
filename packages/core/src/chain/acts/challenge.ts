import type { Address } from 'viem'
import { type ChainCall, marketCall } from './market-call.ts'

/** flow 14: asks the miner on chain for leaf `leafIndex`; the user, or its operator with CHALLENGE. */
export function challengeCall(market: Address, orderId: bigint, leafIndex: bigint): ChainCall {
  return marketCall(market, 'challenge', [orderId, leafIndex])
}
