import type { Address } from 'viem'
import { type ChainCall, marketCall } from './market-call.ts'

/** Takes `capacity` (MiB, whole steps) of what is unsold out of a bill. */
export function shrinkBillCall(market: Address, billId: bigint, capacity: bigint): ChainCall {
  return marketCall(market, 'shrinkBill', [billId, capacity])
}
