import { weekPrice } from './week-price.ts'

/** An order's escrow in token wei: its week price x weeks. */
export function orderCost(price: bigint, capacity: bigint, weeks: number | bigint): bigint {
  return weekPrice(price, capacity) * BigInt(weeks)
}

/** What an order takes from the user at once: escrow and the reserve for its challenges, which returns if unused. */
export function orderTotal(terms: {
  price: bigint
  capacity: bigint
  weeks: number | bigint
  bond: bigint
  challenges: number | bigint
}): { escrow: bigint; reserve: bigint; total: bigint } {
  const escrow = orderCost(terms.price, terms.capacity, terms.weeks)
  const reserve = terms.bond * BigInt(terms.challenges)
  return { escrow, reserve, total: escrow + reserve }
}
