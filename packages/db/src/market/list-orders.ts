import type { OrderState } from '@dmc/core/market/states'
import { exact } from '../exact.ts'
import type { Prisma } from '../generated/client.ts'
import type { Queries } from '../open-database.ts'
import { type MarketOrder, toMarketOrder } from './order-view.ts'
import { type Page, toPage } from './page.ts'
import { readClock } from './read-clock.ts'

export const ORDER_SORTS = ['newest', 'endsAt', 'escrow', 'capacity'] as const
export type OrderSort = (typeof ORDER_SORTS)[number]

export interface OrderFilter {
  user?: string | undefined
  miner?: string | undefined
  billId?: bigint | undefined
  states?: readonly OrderState[] | undefined
}

/** Orders of a user, a miner, a bill or all; newest first unless said, a page at a time. */
export async function listOrders(
  queries: Queries,
  options: OrderFilter & {
    sort?: OrderSort | undefined
    direction?: 'asc' | 'desc' | undefined
    limit?: number | undefined
    cursor?: bigint | undefined
  },
): Promise<Page<MarketOrder>> {
  const { user, miner, billId, states, sort = 'newest', direction = 'desc', limit = 50, cursor } = options
  const where: Prisma.OrderWhereInput = {
    ...(user === undefined ? {} : { user }),
    ...(miner === undefined ? {} : { miner }),
    ...(billId === undefined ? {} : { billId }),
    ...(states === undefined ? {} : { state: { in: [...states] } }),
  }
  const [rows, total, clock] = await Promise.all([
    queries.order.findMany({
      where,
      orderBy: sort === 'newest' ? { orderId: direction } : [{ [sort]: direction }, { orderId: 'desc' }],
      take: limit + 1,
      ...(cursor === undefined ? {} : { cursor: { orderId: cursor }, skip: 1 }),
    }),
    queries.order.count({ where }),
    readClock(queries),
  ])
  return toPage(rows.map(exact), {
    limit,
    total,
    view: (row) => toMarketOrder(row, clock),
    id: (row) => row.orderId,
  })
}
