import { weekPrice } from './week-price.ts'

export interface EarningOrder {
  price: bigint
  capacity: bigint
  /** Unix seconds; 0 before the order is active. */
  start: bigint
  endsAt: bigint
}

/**
 * What the miner has earned of an order at time t, cumulative from its start, claimed or not, in token wei:
 * floor(weekPrice x (min(t, endsAt) - start) / week) (Market.sol, money).
 */
export function earned(order: EarningOrder, t: bigint, week: bigint): bigint {
  if (order.start === 0n) return 0n
  const until = t < order.endsAt ? t : order.endsAt
  if (until <= order.start) return 0n
  return (weekPrice(order.price, order.capacity) * (until - order.start)) / week
}

/** What `claim` pays at time t: accrual up to one week before t, less what was claimed, so that a slash finds something. */
export function claimable(order: EarningOrder & { claimed: bigint }, t: bigint, week: bigint): bigint {
  const due = earned(order, t - week, week) - order.claimed
  return due > 0n ? due : 0n
}
