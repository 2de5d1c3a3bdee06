import type { Address } from 'viem'
import { type ChainCall, marketCall } from './market-call.ts'

/** What an active order has earned becomes its miner's credit; anyone may send it. */
export function claimCall(market: Address, orderId: bigint): ChainCall {
  return marketCall(market, 'claim', [orderId])
}
