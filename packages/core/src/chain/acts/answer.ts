import { type Address, bytesToHex } from 'viem'
import { hashToHex } from '../../merkle/hash-hex.ts'
import { type ChainCall, marketCall } from './market-call.ts'

/** flow 14: answers an open challenge with its leaf (1,024 bytes) and the siblings from the leaf's up. Anyone may. */
export function answerCall(
  market: Address,
  orderId: bigint,
  { leaf, path }: { leaf: Uint8Array; path: readonly Uint8Array[] },
): ChainCall {
  return marketCall(market, 'answer', [orderId, bytesToHex(leaf), path.map(hashToHex)])
}
