import { exact } from '../exact.ts'
import type { Queries } from '../open-database.ts'
import { findEndpoints, type MarketBill, toMarketBill } from './bill-view.ts'

export async function findBill(queries: Queries, billId: bigint): Promise<MarketBill | null> {
  const row = await queries.bill.findUnique({ where: { billId } })
  if (row === null) return null
  const bill = exact(row)
  return toMarketBill(bill, (await findEndpoints(queries, [bill])).get(billId) ?? '')
}
