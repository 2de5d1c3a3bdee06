/** MiB in a GiB: prices are per GiB-week, capacities in MiB. */
export const MIB_PER_GIB = 1_024n

/**
 * What a capacity costs for one week, in token wei: price x capacity / 1,024 (Market.sol, money). A bill is only accepted when
 * price x step is a multiple of 1,024, so for whole steps nothing is rounded.
 *
 * @param price token wei per GiB-week
 * @param capacity MiB
 */
export function weekPrice(price: bigint, capacity: bigint): bigint {
  return (price * capacity) / MIB_PER_GIB
}

/** The smallest price >= `price` that a bill with this step accepts: price x step is a multiple of 1,024. */
export function roundPriceUp(price: bigint, step: bigint): bigint {
  const twos = step & -step
  const unit = twos >= MIB_PER_GIB ? 1n : MIB_PER_GIB / twos
  return ((price + unit - 1n) / unit) * unit
}
