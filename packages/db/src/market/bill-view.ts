import type { BillOnChain } from '@dmc/core/chain/types'
import type { Queries } from '../open-database.ts'
import type { BillRow } from './rows.ts'

/** A bill as the Market's views tell it, and what the events tell beyond. */
export type MarketBill = Omit<BillOnChain, 'previousOfMiner'> & {
  /** Orders that were ever taken of it. */
  orders: number
  createdBlock: bigint
  /** Block of the newest event about it: the newest block less this and one more are its confirmations. */
  blockNumber: bigint
}

export const toMarketBill = (row: BillRow, endpoint: string): MarketBill => ({
  ...row,
  miner: row.miner as BillOnChain['miner'],
  endpoint,
})

/** Each bill's own endpoint, else its miner's default, else ''; two queries for all of them. */
export async function findEndpoints(
  queries: Queries,
  bills: readonly Pick<BillRow, 'billId' | 'miner'>[],
): Promise<Map<bigint, string>> {
  const rows = await queries.endpoint.findMany({
    where: {
      miner: { in: [...new Set(bills.map(({ miner }) => miner))] },
      billId: { in: [0n, ...bills.map(({ billId }) => billId)] },
    },
  })
  const urls = new Map(rows.map(({ miner, billId, url }) => [`${miner} ${billId}`, url]))
  return new Map(
    bills.map(({ billId, miner }) => [
      billId,
      urls.get(`${miner} ${billId}`) || urls.get(`${miner} 0`) || '',
    ]),
  )
}
