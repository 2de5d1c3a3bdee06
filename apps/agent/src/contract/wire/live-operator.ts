import { type MarketReader, OPERATOR_SCOPES } from '@dmc/core/chain/types'
import { type Address, isAddressEqual } from 'viem'

/** Scopes of which one is enough to speak for a side in a hello (docs/PROTOCOL.md 4). */
export const USER_SCOPES = OPERATOR_SCOPES.PREPARE | OPERATOR_SCOPES.CHALLENGE
export const MINER_SCOPES = OPERATOR_SCOPES.PREPARE | OPERATOR_SCOPES.REFUSE | OPERATOR_SCOPES.ENDPOINT

/** True when `signer` is `owner` itself or an operator of it with one of `scopes`, not expired at chain time. */
export async function speaksFor(
  reader: MarketReader,
  owner: Address,
  signer: Address,
  scopes: number,
): Promise<boolean> {
  if (isAddressEqual(owner, signer)) return true
  const operator = await reader.operator(owner, signer)
  return (operator.scopes & scopes) !== 0 && operator.expiresAt >= (await reader.chainTime())
}
