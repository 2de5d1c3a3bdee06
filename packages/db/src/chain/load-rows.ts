import { exact } from '../exact.ts'
import type { BillRow, ChallengeRow, OperatorRow, OrderRow } from '../market/rows.ts'
import type { Queries } from '../open-database.ts'

/** Ids per query: PostgreSQL takes 65,535 values, Prisma half of it. */
const PART = 10_000

async function inParts<K, T>(keys: readonly K[], find: (part: K[]) => Promise<T[]>): Promise<T[]> {
  const out: T[] = []
  for (let at = 0; at < keys.length; at += PART) out.push(...(await find(keys.slice(at, at + PART))))
  return out
}

export const loadBills = async (queries: Queries, ids: readonly bigint[]): Promise<BillRow[]> =>
  (await inParts(ids, (billId) => queries.bill.findMany({ where: { billId: { in: billId } } }))).map(exact)

export const loadOrders = async (queries: Queries, ids: readonly bigint[]): Promise<OrderRow[]> =>
  (await inParts(ids, (orderId) => queries.order.findMany({ where: { orderId: { in: orderId } } }))).map(
    exact,
  )

/** In order of their numbers. */
export const loadChallenges = async (
  queries: Queries,
  orderIds: readonly bigint[],
): Promise<ChallengeRow[]> =>
  (
    await inParts(orderIds, (orderId) =>
      queries.challenge.findMany({ where: { orderId: { in: orderId } }, orderBy: { number: 'asc' } }),
    )
  ).map(exact)

export const loadOperators = async (queries: Queries, owners: readonly string[]): Promise<OperatorRow[]> =>
  (await inParts(owners, (owner) => queries.operator.findMany({ where: { owner: { in: owner } } }))).map(
    exact,
  )
