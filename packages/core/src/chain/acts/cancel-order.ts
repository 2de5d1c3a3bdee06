import type { Address } from 'viem'
import { type ChainCall, marketCall } from './market-call.ts'

/** Calls off a preparing order: its user at any time, anyone after the prepare window. */
export function cancelOrderCall(market: Address, orderId: bigint): ChainCall {
  return marketCall(market, 'cancelOrder', [orderId])
}
