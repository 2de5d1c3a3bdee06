import type { Queries } from '../open-database.ts'
import { readClock } from './read-clock.ts'

/** The market in numbers, for people who look in. Money in token wei, prices per GiB-week. */
export interface MarketSummary {
  openBills: number
  /** Miners with an open bill. */
  miners: number
  /** MiB on offer. */
  freeMiB: bigint
  cheapestPrice: bigint | null
  medianPrice: bigint | null
  activeOrders: number
  preparingOrders: number
  /** Bytes under a commitment in force. */
  storedBytes: bigint
  /** Locked for orders that run or prepare. */
  escrow: bigint
  /** Miners' tokens that stand behind orders and open capacity. */
  pledge: bigint
}

interface Sums {
  open: bigint
  miners: bigint
  free: string
  cheapest: string | null
  median: string | null
  active: bigint
  preparing: bigint
  stored: string
  escrow: string
  pledge: string
}

export async function marketSummary(queries: Queries): Promise<MarketSummary> {
  const headTime = (await readClock(queries))?.headTime ?? 0n
  const [bills] = await queries.$queryRaw<Pick<Sums, 'open' | 'miners' | 'free' | 'cheapest' | 'median'>[]>`
    SELECT count(*) AS open, count(DISTINCT miner) AS miners, coalesce(sum(free), 0)::text AS free,
      min(price)::text AS cheapest, (percentile_disc(0.5) WITHIN GROUP (ORDER BY price))::text AS median
    FROM bills WHERE NOT cancelled AND free > 0 AND "expiresAt" >= ${headTime}`
  const [orders] = await queries.$queryRaw<
    Pick<Sums, 'active' | 'preparing' | 'stored' | 'escrow' | 'pledge'>[]
  >`
    SELECT count(*) FILTER (WHERE state = 'active') AS active, count(*) FILTER (WHERE state = 'preparing') AS preparing,
      coalesce(sum(size) FILTER (WHERE state = 'active'), 0)::text AS stored, coalesce(sum(escrow), 0)::text AS escrow,
      (coalesce(sum(pledge), 0) + (SELECT coalesce(sum(pledge), 0) FROM bills WHERE NOT cancelled))::text AS pledge
    FROM orders WHERE state IN ('active', 'preparing')`
  return {
    openBills: Number(bills?.open ?? 0),
    miners: Number(bills?.miners ?? 0),
    freeMiB: BigInt(bills?.free ?? 0),
    cheapestPrice: amount(bills?.cheapest),
    medianPrice: amount(bills?.median),
    activeOrders: Number(orders?.active ?? 0),
    preparingOrders: Number(orders?.preparing ?? 0),
    storedBytes: BigInt(orders?.stored ?? 0),
    escrow: BigInt(orders?.escrow ?? 0),
    pledge: BigInt(orders?.pledge ?? 0),
  }
}

const amount = (text: string | null | undefined) =>
  text === null || text === undefined ? null : BigInt(text)
