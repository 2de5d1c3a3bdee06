import type { Address } from 'viem'
import { type ChainCall, marketCall } from './market-call.ts'

/**
 * Several acts of one sender in one transaction: all happen or none. A single one stays what it is.
 * Acts that bring coin along can't be part of it.
 */
export function multicall(market: Address, calls: readonly [ChainCall, ...ChainCall[]]): ChainCall {
  if (calls.length === 1) return calls[0]
  return marketCall(market, 'multicall', [calls.map(({ data }) => data)])
}
