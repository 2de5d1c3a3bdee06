import type { Address } from 'viem'
import { type ChainCall, marketCall } from './market-call.ts'
import { NO_PERMIT, type SignedPermit } from './permit.ts'
import { type BillTerms, billArgs, grantArgs, type OperatorGrant } from './terms.ts'

/** flow 3: offers capacity and locks the whole pledge, which the Market must be allowed to take. */
export function createBillCall(market: Address, terms: BillTerms): ChainCall {
  return marketCall(market, 'createBill', [billArgs(terms)])
}

/** flow 3: the first bill in one transaction: permit, operator with its gas float (wei), bill, its endpoint. */
export function openAsMinerCall(
  market: Address,
  first: {
    permit?: SignedPermit | null
    grant?: OperatorGrant | null
    gasFloatWei?: bigint
    bill: BillTerms
    endpoint?: string
  },
): ChainCall {
  const grant = first.grant ?? null
  const args = [
    first.permit ?? NO_PERMIT,
    grantArgs(grant),
    billArgs(first.bill),
    first.endpoint ?? '',
  ] as const
  return marketCall(market, 'openAsMiner', args, grant === null ? 0n : (first.gasFloatWei ?? 0n))
}
