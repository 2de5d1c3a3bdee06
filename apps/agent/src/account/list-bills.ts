import { reading } from '@dmc/core/chain/chain-error'
import { listBillsOf, listBills as readBills } from '@dmc/core/chain/list-bills'
import type { BillOnChain } from '@dmc/core/chain/types'
import { type BillMatch, type BillQuery, matchBill } from '@dmc/core/market/match-bill'
import type { Address } from 'viem'
import type { AccountContext } from './context.ts'

const NOBODY: Address = '0x0000000000000000000000000000000000000000'

/** All bills at the confirmed head, and as of when. */
export async function listBills(
  context: Pick<AccountContext, 'rpc' | 'market'>,
): Promise<{ bills: BillOnChain[]; blockNumber: bigint; blockTime: bigint }> {
  const { rpc, market } = context
  const blockNumber = await rpc.confirmedHead()
  const [bills, block] = await Promise.all([
    readBills(rpc.client, { market, blockNumber }),
    reading('the newest block', () => rpc.client.getBlock({ blockNumber })),
  ])
  return { bills, blockNumber, blockTime: block.timestamp }
}

/** The bills of one miner, newest first, at the confirmed head. */
export async function listOwnBills(
  context: Pick<AccountContext, 'rpc' | 'market'>,
  miner: Address,
): Promise<BillOnChain[]> {
  const blockNumber = await context.rpc.confirmedHead()
  return listBillsOf(context.rpc.client, { market: context.market, miner, blockNumber })
}

/** All bills judged by a query (flow 7): those that fit, best first, and why the others don't. */
export async function matchBills(
  context: AccountContext,
  query: BillQuery,
): Promise<BillMatch & { blockNumber: bigint; blockTime: bigint }> {
  const { bills, blockNumber, blockTime } = await listBills(context)
  const user = context.wallet?.address ?? NOBODY
  return { ...matchBill(bills, query, { user, now: blockTime }), blockNumber, blockTime }
}
