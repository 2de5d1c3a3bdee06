import type { Address, PublicClient } from 'viem'
import { reading } from './chain-error.ts'
import { readBill } from './read-bill.ts'
import { type MarketAt, readMarket } from './read-market.ts'
import type { BillOnChain } from './types.ts'

/** Bills asked for at once; with a batching transport that is a few HTTP requests. */
const AT_ONCE = 100

/**
 * All bills of the Market, oldest first, cancelled and expired ones too (flow 7): ids are given from 1 upwards, so the Market's
 * count is enough and no log has to be read.
 */
export async function listBills(client: PublicClient, at: MarketAt): Promise<BillOnChain[]> {
  const [count] = await reading('the number of bills', () => readMarket(client, at, 'counts', []))
  const bills: BillOnChain[] = []
  for (let first = 1n; first <= count; first += BigInt(AT_ONCE)) {
    const ids = Array.from({ length: AT_ONCE }, (_, i) => first + BigInt(i)).filter((id) => id <= count)
    bills.push(...(await Promise.all(ids.map((billId) => readBill(client, { ...at, billId })))))
  }
  return bills
}

/** The bills of one miner, newest first, by following its links. */
export async function listBillsOf(
  client: PublicClient,
  at: MarketAt & { miner: Address },
): Promise<BillOnChain[]> {
  const bills: BillOnChain[] = []
  let billId = await reading('the newest bill', () => readMarket(client, at, 'newestBillOf', [at.miner]))
  while (billId !== 0n) {
    const bill = await readBill(client, { ...at, billId })
    bills.push(bill)
    billId = bill.previousOfMiner
  }
  return bills
}
