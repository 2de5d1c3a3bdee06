import { exact } from '../exact.ts'
import type { Prisma } from '../generated/client.ts'
import type { Queries } from '../open-database.ts'
import { findEndpoints, type MarketBill, toMarketBill } from './bill-view.ts'
import { openAt } from './open-bills.ts'
import { type Page, toPage } from './page.ts'
import { readClock } from './read-clock.ts'

export const BILL_SORTS = ['price', 'free', 'pledgeRate', 'expiresAt', 'maxWeeks', 'newest'] as const
export type BillSort = (typeof BILL_SORTS)[number]

export interface BillFilter {
  miner?: string | undefined
  /** Only what can be taken now. */
  openOnly?: boolean | undefined
  /** Takes orders of so many weeks. */
  weeks?: number | undefined
  /** Has so many MiB free. */
  capacity?: bigint | undefined
  /** Token wei per GiB-week. */
  maxPrice?: bigint | undefined
  minPledgeRate?: number | undefined
}

/** Bills of the market: filtered, sorted (ties by id), a page at a time. */
export async function listBills(
  queries: Queries,
  options: BillFilter & {
    sort?: BillSort | undefined
    direction?: 'asc' | 'desc' | undefined
    limit?: number | undefined
    /** The last page's `next`. */
    cursor?: bigint | undefined
  },
): Promise<Page<MarketBill>> {
  const { sort = 'price', limit = 50, cursor } = options
  const direction = options.direction ?? (sort === 'price' ? 'asc' : 'desc')
  const where = await toWhere(queries, options)
  const [rows, total] = await Promise.all([
    queries.bill.findMany({
      where,
      orderBy: sort === 'newest' ? { billId: direction } : [{ [sort]: direction }, { billId: 'asc' }],
      take: limit + 1,
      ...(cursor === undefined ? {} : { cursor: { billId: cursor }, skip: 1 }),
    }),
    queries.bill.count({ where }),
  ])
  const found = rows.map(exact)
  const endpoints = await findEndpoints(queries, found)
  return toPage(found, {
    limit,
    total,
    view: (row) => toMarketBill(row, endpoints.get(row.billId) ?? ''),
    id: (row) => row.billId,
  })
}

async function toWhere(queries: Queries, filter: BillFilter): Promise<Prisma.BillWhereInput> {
  const { miner, openOnly = false, weeks, capacity, maxPrice, minPledgeRate } = filter
  const clock = openOnly ? await readClock(queries) : null
  const all: Prisma.BillWhereInput[] = []
  if (clock !== null) all.push(openAt(clock.headTime))
  if (miner !== undefined) all.push({ miner })
  if (weeks !== undefined) all.push({ minWeeks: { lte: weeks }, maxWeeks: { gte: weeks } })
  if (capacity !== undefined) all.push({ free: { gte: capacity } })
  if (maxPrice !== undefined) all.push({ price: { lte: String(maxPrice) } })
  if (minPledgeRate !== undefined) all.push({ pledgeRate: { gte: minPledgeRate } })
  return { AND: all }
}
