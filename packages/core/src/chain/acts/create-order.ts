import type { Address } from 'viem'
import { type ChainCall, marketCall } from './market-call.ts'
import { NO_PERMIT, type SignedPermit } from './permit.ts'
import { grantArgs, type OperatorGrant, type OrderTerms, orderArgs } from './terms.ts'

/** flow 7: takes part of a bill; locks escrow and reserve, which the Market must be allowed to take. */
export function createOrderCall(market: Address, terms: OrderTerms): ChainCall {
  return marketCall(market, 'createOrder', [orderArgs(terms)])
}

/** flow 7: the first order in one transaction: permit, operator with its gas float (wei), order. */
export function openAsUserCall(
  market: Address,
  first: {
    permit?: SignedPermit | null
    grant?: OperatorGrant | null
    gasFloatWei?: bigint
    order: OrderTerms
  },
): ChainCall {
  const grant = first.grant ?? null
  const args = [first.permit ?? NO_PERMIT, grantArgs(grant), orderArgs(first.order)] as const
  return marketCall(market, 'openAsUser', args, grant === null ? 0n : (first.gasFloatWei ?? 0n))
}
