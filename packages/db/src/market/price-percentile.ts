import type { Queries } from '../open-database.ts'
import { readClock } from './read-clock.ts'

/** Prices of the open bills, token wei per GiB-week; all null when there is none. */
export interface PriceDistribution {
  bills: number
  min: bigint | null
  p10: bigint | null
  p25: bigint | null
  median: bigint | null
  p75: bigint | null
  p90: bigint | null
  max: bigint | null
}

const SHARES = [0, 0.1, 0.25, 0.5, 0.75, 0.9, 1]

export async function priceDistribution(queries: Queries): Promise<PriceDistribution> {
  const headTime = (await readClock(queries))?.headTime ?? 0n
  const [row] = await queries.$queryRaw<{ bills: bigint; prices: string[] | null }[]>`
    SELECT count(*) AS bills, (percentile_disc(${SHARES}::float8[]) WITHIN GROUP (ORDER BY price))::text[] AS prices
    FROM bills WHERE NOT cancelled AND free > 0 AND "expiresAt" >= ${headTime}`
  const at = (index: number) => {
    const text = row?.prices?.[index]
    return text === undefined || text === null ? null : BigInt(text)
  }
  return {
    bills: Number(row?.bills ?? 0),
    min: at(0),
    p10: at(1),
    p25: at(2),
    median: at(3),
    p75: at(4),
    p90: at(5),
    max: at(6),
  }
}

/**
 * Where a price stands among the open bills: the share of them, in percent, that is cheaper, half of the equal ones counted in.
 * null when no bill is open.
 */
export async function pricePercentile(queries: Queries, price: bigint): Promise<number | null> {
  const headTime = (await readClock(queries))?.headTime ?? 0n
  const [row] = await queries.$queryRaw<{ bills: bigint; cheaper: bigint; equal: bigint }[]>`
    SELECT count(*) AS bills, count(*) FILTER (WHERE price < ${String(price)}::numeric) AS cheaper,
      count(*) FILTER (WHERE price = ${String(price)}::numeric) AS equal
    FROM bills WHERE NOT cancelled AND free > 0 AND "expiresAt" >= ${headTime}`
  if (row === undefined || row.bills === 0n) return null
  return (Number(row.cheaper) + Number(row.equal) / 2) * (100 / Number(row.bills))
}
