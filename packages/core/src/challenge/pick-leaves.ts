/**
 * Different leaves at even odds, in no order (Floyd's sampling); all of them when there are not more.
 * @param count how many
 * @param random in [0, 1); from a source that a miner can't guess
 */
export function pickLeaves(leaves: bigint, count: number, random: () => number): bigint[] {
  const all = Number(leaves)
  const wanted = Math.min(count, all)
  const picked = new Set<number>()
  for (let last = all - wanted; last < all; last++) {
    const candidate = Math.floor(random() * (last + 1))
    picked.add(picked.has(candidate) ? last : candidate)
  }
  return [...picked].map(BigInt)
}
