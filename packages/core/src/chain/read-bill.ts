import type { PublicClient } from 'viem'
import { DmcError } from '../errors/dmc-error.ts'
import { revertIn, toReadError } from './chain-error.ts'
import { type MarketAt, type MarketViewReturn, readMarket } from './read-market.ts'
import type { BillOnChain } from './types.ts'

type BillView = MarketViewReturn<'getBill'>

/**
 * A bill and where its agent answers, by two eth_calls in one batch (`getBill`, `endpointOf`), at `blockNumber` or the newest block.
 * @throws BILL_NOT_FOUND, RPC_UNREACHABLE, RPC_BAD_ANSWER
 */
export async function readBill(
  client: PublicClient,
  at: MarketAt & { billId: bigint },
): Promise<BillOnChain> {
  let view: BillView
  let endpoint: string
  try {
    ;[view, endpoint] = await Promise.all([
      readMarket(client, at, 'getBill', [at.billId]),
      readMarket(client, at, 'endpointOf', [at.billId]),
    ])
  } catch (error) {
    if (revertIn(error)?.name === 'UnknownBill') throw billNotFound(at)
    throw toReadError(error, `bill ${at.billId}`)
  }
  return {
    billId: at.billId,
    miner: view.miner,
    capacity: view.capacity,
    free: view.free,
    step: view.step,
    price: view.price,
    pledgeRate: view.pledgeRate,
    minWeeks: view.minWeeks,
    maxWeeks: view.maxWeeks,
    bond: view.bond,
    createdAt: view.createdAt,
    expiresAt: view.expiresAt,
    cancelled: view.cancelled,
    pledge: view.pledge,
    endpoint,
    previousOfMiner: view.previous,
  }
}

export function billNotFound(at: { market: string; billId: bigint }): DmcError {
  return new DmcError('BILL_NOT_FOUND', `There is no bill ${at.billId} on the Market ${at.market}.`, {
    hint: 'List what is open: dmc-agent market',
  })
}
