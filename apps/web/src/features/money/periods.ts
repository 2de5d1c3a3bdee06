/** Sums of one week or month, token wei, by kind of payment. */
export interface Period {
  /** Unix seconds at which it begins, UTC. */
  from: number
  sums: Record<string, bigint>
}

export type By = 'week' | 'month'

/** Every period from the first with a payment to `now`, without gaps, oldest first; at most the newest `most`. */
export function periodsOf(
  rows: readonly { from: bigint; kind: string; amount: bigint }[],
  of: { by: By; now: number; most: number },
): Period[] {
  const first = rows.reduce<number | null>(
    (least, row) => (least === null || Number(row.from) < least ? Number(row.from) : least),
    null,
  )
  if (first === null) return []
  const periods: Period[] = []
  for (let from = first; from <= of.now || from === first; from = nextOf(from, of.by)) {
    const sums: Record<string, bigint> = {}
    for (const row of rows) {
      if (Number(row.from) === from) sums[row.kind] = (sums[row.kind] ?? 0n) + row.amount
    }
    periods.push({ from, sums })
  }
  return periods.slice(-of.most)
}

function nextOf(from: number, by: By): number {
  if (by === 'week') return from + 7 * 86_400
  const date = new Date(from * 1000)
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1) / 1000
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** "Nov 2026", or "23 Nov 2026" of a week's Monday. */
export function periodText(from: number, by: By): string {
  const date = new Date(from * 1000)
  const month = `${MONTHS[date.getUTCMonth()]} ${date.getUTCFullYear()}`
  return by === 'month' ? month : `${date.getUTCDate()} ${month}`
}

export const sumOf = (period: Period, kinds: readonly string[]): bigint =>
  kinds.reduce((sum, kind) => sum + (period.sums[kind] ?? 0n), 0n)
