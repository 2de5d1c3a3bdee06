import type { Address } from 'viem'
import { type ChainCall, marketCall } from './market-call.ts'

/** The miner gives notice of an active order. */
export function quitCall(market: Address, orderId: bigint): ChainCall {
  return marketCall(market, 'quit', [orderId])
}
