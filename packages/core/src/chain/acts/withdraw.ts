import type { Address } from 'viem'
import { type ChainCall, marketCall } from './market-call.ts'

/** Pays the whole credit of `account` to it; anyone may send it. */
export function withdrawCall(market: Address, account: Address): ChainCall {
  return marketCall(market, 'withdraw', [account])
}
