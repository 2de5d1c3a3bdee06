import type { BillOnChain } from '../chain/types.ts'
import { formatTokens } from '../units/format-tokens.ts'
import { wholeSteps } from './capacity-for-source.ts'
import { weekPrice } from './week-price.ts'

/** What a user looks for (flow 6); money in token wei, capacity in MiB. */
export interface BillQuery {
  capacity: bigint
  weeks: number
  /** Highest price per GiB-week. */
  maxPrice?: bigint
  minPledgeRate?: number
  /** Highest bond per challenge. */
  maxBond?: bigint
}

export interface BillContext {
  /** The user's wallet: its own bills don't fit. */
  user: string
  /** Chain time, unix seconds. */
  now: bigint
  /** Miners not to be chosen: those that already hold a copy, or that failed. */
  exceptMiners?: readonly string[]
}

export interface BillFit {
  bill: BillOnChain
  /** MiB that would be ordered: the query's capacity in whole steps of this bill. */
  capacity: bigint
  /** Token wei a week for that capacity. */
  weekPrice: bigint
}

export interface BillMisfit {
  bill: BillOnChain
  /** All reasons, in plain words with values; never empty. */
  reasons: string[]
}

export interface BillMatch {
  /** null when no bill fits. */
  best: BillFit | null
  /** One sentence: why `best` was chosen, or that nothing fits. */
  reason: string
  /** All that fit, best first. */
  fitting: BillFit[]
  others: BillMisfit[]
}

/**
 * Finds the bill for an order (flow 7): those that fit, the cheapest for this capacity first (a bill's whole steps are paid),
 * then the higher pledge rate, then the older one. Pure, so every agent and dashboard chooses the same.
 */
export function matchBill(bills: readonly BillOnChain[], query: BillQuery, context: BillContext): BillMatch {
  const fitting: BillFit[] = []
  const others: BillMisfit[] = []
  for (const bill of bills) {
    const capacity = wholeSteps(query.capacity, bill.step)
    const reasons = whyNot(bill, capacity, query, context)
    if (reasons.length > 0) others.push({ bill, reasons })
    else fitting.push({ bill, capacity, weekPrice: weekPrice(bill.price, capacity) })
  }
  fitting.sort(betterFirst)
  const best = fitting[0] ?? null
  return { best, reason: best === null ? noneFits(others) : whyBest(best, fitting[1]), fitting, others }
}

/** Every reason why a bill does not fit; empty when it does. `capacity` is already in whole steps of the bill. */
export function whyNot(
  bill: BillOnChain,
  capacity: bigint,
  query: BillQuery,
  context: BillContext,
): string[] {
  const reasons: string[] = []
  const same = (address: string) => address.toLowerCase() === bill.miner.toLowerCase()
  if (bill.cancelled) reasons.push('it was cancelled')
  else if (bill.expiresAt < context.now) reasons.push('it has expired')
  if (same(context.user)) reasons.push('it is your own')
  if (context.exceptMiners?.some(same)) reasons.push('its miner was excluded')
  if (bill.free < capacity) reasons.push(`${bill.free} MiB are free, ${capacity} MiB are needed`)
  if (query.weeks < bill.minWeeks)
    reasons.push(`its orders take at least ${bill.minWeeks} weeks, not ${query.weeks}`)
  if (query.weeks > bill.maxWeeks)
    reasons.push(`its orders take at most ${bill.maxWeeks} weeks, not ${query.weeks}`)
  if (query.maxPrice !== undefined && bill.price > query.maxPrice) {
    reasons.push(`it costs ${perWeek(bill.price)}, more than ${perWeek(query.maxPrice)}`)
  }
  if (query.minPledgeRate !== undefined && bill.pledgeRate < query.minPledgeRate) {
    reasons.push(`its pledge rate is ${bill.pledgeRate}, less than ${query.minPledgeRate}`)
  }
  if (query.maxBond !== undefined && bill.bond > query.maxBond) {
    reasons.push(`a challenge costs ${formatTokens(bill.bond)}, more than ${formatTokens(query.maxBond)}`)
  }
  if (bill.endpoint === '') reasons.push('its miner has published no address for its agent')
  return reasons
}

function betterFirst(a: BillFit, b: BillFit): number {
  if (a.weekPrice !== b.weekPrice) return a.weekPrice < b.weekPrice ? -1 : 1
  if (a.bill.pledgeRate !== b.bill.pledgeRate) return b.bill.pledgeRate - a.bill.pledgeRate
  if (a.bill.billId === b.bill.billId) return 0
  return a.bill.billId < b.bill.billId ? -1 : 1
}

function whyBest(best: BillFit, next: BillFit | undefined): string {
  const name = `Bill ${best.bill.billId}`
  if (next === undefined) return `${name} is the only one that fits.`
  if (best.weekPrice < next.weekPrice) {
    return `${name} is the cheapest: ${formatTokens(best.weekPrice)} a week, the next costs ${formatTokens(next.weekPrice)}.`
  }
  if (best.bill.pledgeRate > next.bill.pledgeRate) {
    return `${name} pledges more (rate ${best.bill.pledgeRate}, the next ${next.bill.pledgeRate}) at the same cost.`
  }
  return `${name} is the oldest of those with the same cost and pledge.`
}

function noneFits(others: readonly BillMisfit[]): string {
  if (others.length === 0) return 'There is no bill on the market.'
  const closest = [...others].sort((a, b) => a.reasons.length - b.reasons.length)[0]
  return `None of ${others.length} bills fits; the closest, bill ${closest?.bill.billId}: ${closest?.reasons.join('; ')}.`
}

const perWeek = (price: bigint) => `${formatTokens(price)} per GiB-week`
