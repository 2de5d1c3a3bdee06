import type { Address } from 'viem'
import { type ChainCall, marketCall } from './market-call.ts'

/** Settles an order that is over; anyone may send it. */
export function finishCall(market: Address, orderId: bigint): ChainCall {
  return marketCall(market, 'finish', [orderId])
}
