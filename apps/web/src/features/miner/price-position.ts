/** Where a price stands among open bills: the share that is cheaper, 0 to 100; null when there are none. */
export function pricePercentile(price: bigint, prices: readonly bigint[]): number | null {
  if (prices.length === 0) return null
  return Math.round((prices.filter((each) => each < price).length * 100) / prices.length)
}

export function medianPrice(prices: readonly bigint[]): bigint | null {
  if (prices.length === 0) return null
  const sorted = [...prices].sort((a, b) => (a === b ? 0 : a < b ? -1 : 1))
  return sorted[Math.floor(sorted.length / 2)] ?? null
}
