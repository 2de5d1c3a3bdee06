import { ORDER_STATES, type OrderState } from '@dmc/core/market/states'
import type { Queries } from '../open-database.ts'
import { openAt } from './open-bills.ts'
import { readClock } from './read-clock.ts'

/** What the chain tells of a miner. */
export interface MinerSummary {
  miner: string
  bills: number
  openBills: number
  /** MiB offered in all, and free to be taken. */
  capacity: bigint
  free: bigint
  /** Token wei behind its orders and open capacity. */
  pledge: bigint
  orders: Record<OrderState, number>
  challenges: { open: number; answered: number; failed: number; medianAnswerSeconds: number | null }
  /** Unix seconds of its first bill; null: it never had one. */
  firstSeen: bigint | null
  /** Its default endpoint, '' when none is set. */
  endpoint: string
}

export async function minerSummary(queries: Queries, miner: string): Promise<MinerSummary> {
  const clock = await readClock(queries)
  const [bills, openBills, states, sums, endpoint, challenges, answers] = await Promise.all([
    queries.bill.aggregate({ where: { miner }, _count: true, _min: { createdAt: true } }),
    queries.bill.count({ where: { miner, ...openAt(clock?.headTime ?? 0n) } }),
    queries.order.groupBy({ by: ['state'], where: { miner }, _count: true }),
    queries.$queryRaw<{ capacity: string; free: string; pledge: string }[]>`
      SELECT coalesce(sum(capacity), 0)::text AS capacity, coalesce(sum(free), 0)::text AS free,
        (coalesce(sum(pledge), 0) + (SELECT coalesce(sum(pledge), 0) FROM orders WHERE miner = ${miner}))::text AS pledge
      FROM bills WHERE miner = ${miner} AND NOT cancelled`,
    queries.endpoint.findUnique({ where: { miner_billId: { miner, billId: 0n } } }),
    queries.challenge.groupBy({ by: ['state'], where: { miner }, _count: true }),
    queries.$queryRaw<{ median: number | null }[]>`
      SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY "closedAt" - "openedAt") AS median
      FROM challenges WHERE miner = ${miner} AND state = 'answered'`,
  ])
  const count = (state: string) => challenges.find((row) => row.state === state)?._count ?? 0
  return {
    miner,
    bills: bills._count,
    openBills,
    capacity: BigInt(sums[0]?.capacity ?? 0),
    free: BigInt(sums[0]?.free ?? 0),
    pledge: BigInt(sums[0]?.pledge ?? 0),
    orders: Object.fromEntries(
      ORDER_STATES.map((state) => [state, states.find((row) => row.state === state)?._count ?? 0]),
    ) as Record<OrderState, number>,
    challenges: {
      open: count('open'),
      answered: count('answered'),
      failed: count('failed'),
      medianAnswerSeconds: answers[0]?.median ?? null,
    },
    firstSeen: bills._min.createdAt,
    endpoint: endpoint?.url ?? '',
  }
}
