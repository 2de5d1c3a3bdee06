import type { Address } from 'viem'
import type { Commitment } from '../types.ts'
import { type ChainCall, marketCall } from './market-call.ts'

/** As in Market.sol. */
export const SIDES = { user: 0n, miner: 1n } as const
export type Side = keyof typeof SIDES

const NO_ROOT = `0x${'00'.repeat(32)}` as const

/** flow 7, flow 10: states one side's commitment; null withdraws it. */
export function prepareCall(
  market: Address,
  orderId: bigint,
  side: Side,
  commitment: Commitment | null,
): ChainCall {
  const { root, size } = commitment ?? { root: NO_ROOT, size: 0n }
  return marketCall(market, 'prepare', [orderId, SIDES[side], root, size])
}
