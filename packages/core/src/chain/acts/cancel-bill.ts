import type { Address } from 'viem'
import { type ChainCall, marketCall } from './market-call.ts'

/** Takes a bill off the Market: its miner at any time, anyone after it has expired. */
export function cancelBillCall(market: Address, billId: bigint): ChainCall {
  return marketCall(market, 'cancelBill', [billId])
}
