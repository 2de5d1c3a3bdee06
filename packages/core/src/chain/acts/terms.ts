import type { Address } from 'viem'

/** What a miner offers (flow 2): MiB, token wei per GiB-week, unix seconds. */
export interface BillTerms {
  capacity: bigint
  step: bigint
  price: bigint
  pledgeRate: number
  minWeeks: number
  maxWeeks: number
  /** Token wei per on-chain challenge. */
  bond: bigint
  expiresAt: bigint
}

/** What a user takes, and the bill that it saw (flow 7). */
export interface OrderTerms {
  billId: bigint
  /** A reorg that swapped bill ids makes the act revert. */
  expectedMiner: Address
  /** MiB, whole steps of the bill. */
  capacity: bigint
  weeks: number
  maxPrice: bigint
  minPledgeRate: number
  maxBond: bigint
  /** Bonds in the reserve. */
  challenges: number
}

/** An operator to authorise: bit set of OPERATOR_SCOPES, last second in which it may act. */
export interface OperatorGrant {
  operator: Address
  scopes: number
  expiresAt: bigint
}

/** The Market takes integers as uint256. */
export function billArgs(terms: BillTerms) {
  return {
    ...terms,
    pledgeRate: BigInt(terms.pledgeRate),
    minWeeks: BigInt(terms.minWeeks),
    maxWeeks: BigInt(terms.maxWeeks),
  }
}

export function orderArgs(terms: OrderTerms) {
  return {
    ...terms,
    weeks: BigInt(terms.weeks),
    minPledgeRate: BigInt(terms.minPledgeRate),
    challenges: BigInt(terms.challenges),
  }
}

const NOBODY = '0x0000000000000000000000000000000000000000'

/** null: no operator. */
export function grantArgs(grant: OperatorGrant | null) {
  if (grant === null) return { operator: NOBODY, scopes: 0n, expiresAt: 0n } as const
  return { operator: grant.operator, scopes: BigInt(grant.scopes), expiresAt: grant.expiresAt }
}
