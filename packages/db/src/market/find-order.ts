import { exact } from '../exact.ts'
import type { Queries } from '../open-database.ts'
import { listEvents, type MarketEventView } from './list-events.ts'
import { type MarketOrder, toMarketOrder } from './order-view.ts'
import { readClock } from './read-clock.ts'

/** More than any person reads; `listEvents` pages through the rest. */
const EVENTS = 500

/** An order with its events, oldest first. */
export async function findOrder(
  queries: Queries,
  orderId: bigint,
): Promise<(MarketOrder & { events: MarketEventView[] }) | null> {
  const [row, clock, events] = await Promise.all([
    queries.order.findUnique({ where: { orderId } }),
    readClock(queries),
    listEvents(queries, { orderId, direction: 'asc', limit: EVENTS }),
  ])
  return row === null ? null : { ...toMarketOrder(exact(row), clock), events: events.items }
}
