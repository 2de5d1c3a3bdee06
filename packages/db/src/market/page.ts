/** One page of a list. */
export interface Page<T, C = bigint> {
  items: T[]
  /** How many there are in all pages. */
  total: number
  /** Give it as `cursor` for what follows; null: nothing follows. */
  next: C | null
}

/** Rows were asked for one more than wanted: is there a next page, and where does it begin? */
export function toPage<R, T, C>(
  rows: readonly R[],
  { limit, total, view, id }: { limit: number; total: number; view: (row: R) => T; id: (row: R) => C },
): Page<T, C> {
  const items = rows.slice(0, limit)
  const last = items.at(-1)
  return { items: items.map(view), total, next: rows.length > limit && last !== undefined ? id(last) : null }
}
