import type { MarketEvent, Prisma } from '../generated/client.ts'
import type { EventRow } from '../market/rows.ts'
import type { Queries } from '../open-database.ts'

export const toEventRow = (row: MarketEvent): EventRow => row as unknown as EventRow

/** Events in the order of the chain. */
export async function loadEvents(queries: Queries, where: Prisma.MarketEventWhereInput): Promise<EventRow[]> {
  const rows = await queries.marketEvent.findMany({
    where,
    orderBy: [{ blockNumber: 'asc' }, { logIndex: 'asc' }],
  })
  return rows.map(toEventRow)
}
