/** Leaves `first` up to, not including, `end`. Lists of them are sorted, disjoint and never touching. */
export type Range = readonly [first: number, end: number]

/** The union of a list and one more range. */
export function addRange(ranges: readonly Range[], first: number, end: number): Range[] {
  if (first >= end) return [...ranges]
  const result: Range[] = []
  let low = first
  let high = end
  for (const range of ranges) {
    if (range[1] < low || range[0] > high) result.push(range)
    else {
      low = Math.min(low, range[0])
      high = Math.max(high, range[1])
    }
  }
  result.push([low, high])
  return result.sort((a, b) => a[0] - b[0])
}

/** The list without `first` to `end`. */
export function removeRange(ranges: readonly Range[], first: number, end: number): Range[] {
  if (first >= end) return [...ranges]
  const result: Range[] = []
  for (const [low, high] of ranges) {
    if (low < Math.min(high, first)) result.push([low, Math.min(high, first)])
    if (Math.max(low, end) < high) result.push([Math.max(low, end), high])
  }
  return result
}

/** The parts of the list inside `first` to `end`. */
export function withinRange(ranges: readonly Range[], first: number, end: number): Range[] {
  const parts: Range[] = []
  for (const [low, high] of ranges) {
    if (Math.max(low, first) < Math.min(high, end)) parts.push([Math.max(low, first), Math.min(high, end)])
  }
  return parts
}

/** Leaves from `first` on without a gap, counted up to `end`. */
export function contiguousFrom(ranges: readonly Range[], first: number, end: number): number {
  const range = ranges.find(([low, high]) => low <= first && first < high)
  return range ? Math.min(range[1], end) - first : 0
}
