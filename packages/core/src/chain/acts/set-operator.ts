import type { Address } from 'viem'
import { type ChainCall, marketCall } from './market-call.ts'
import type { OperatorGrant } from './terms.ts'

/** Lets an agent's key act for the wallet within its scopes; forwards exactly `gasFloatWei`. Scopes 0 revoke. */
export function setOperatorCall(market: Address, grant: OperatorGrant, gasFloatWei = 0n): ChainCall {
  return marketCall(
    market,
    'setOperator',
    [grant.operator, BigInt(grant.scopes), grant.expiresAt],
    gasFloatWei,
  )
}
