import { MIB, wholeSteps } from '@dmc/core/market/capacity-for-source'
import { whyNot } from '@dmc/core/market/match-bill'
import { orderCost } from '@dmc/core/market/order-cost'
import { pledge } from '@dmc/core/market/pledge'
import { listBills } from '../account/list-bills.ts'
import type { AgentContext } from '../agent-context.ts'
import type { Handler } from '../control/handler.ts'
import type { MarketRow } from '../control/types.ts'
import { findSource } from '../find-source.ts'
import { neededCapacity, registeredTerms } from '../order-wish.ts'
import { billRow } from '../rows/bill-row.ts'

const NOBODY = '0x0000000000000000000000000000000000000000'

/** Open bills (flow 7), filtered, sorted, and what each would cost for a source or a capacity. */
export const marketList: Handler<'market.list', AgentContext> = async (ctx, input) => {
  const account = await ctx.account()
  const { bills, blockNumber, blockTime } = await listBills(account)
  const source = input.source === undefined ? null : findSource(ctx, input.source)
  const terms = source && registeredTerms(ctx, source.sourceId)
  const wanted = source
    ? await neededCapacity(ctx, source)
    : input.capacity === undefined
      ? null
      : (input.capacity + MIB - 1n) / MIB
  const weeks = input.weeks ?? terms?.weeks ?? 24
  const query = {
    weeks,
    ...(input.maxPrice === undefined ? {} : { maxPrice: input.maxPrice }),
    ...(input.minPledgeRate === undefined ? {} : { minPledgeRate: input.minPledgeRate }),
  }
  const seen = { user: ctx.config.owner ?? NOBODY, now: blockTime }
  const rows = bills
    .filter((bill) => input.miner === undefined || bill.miner.toLowerCase() === input.miner.toLowerCase())
    .map((bill): MarketRow => {
      const capacity = wanted === null ? null : wholeSteps(wanted, bill.step)
      const reasons = whyNot(bill, capacity ?? bill.step, { ...query, capacity: capacity ?? bill.step }, seen)
      // without a capacity or weeks in question only the filters that were given count
      const counted = wanted === null ? reasons.filter((reason) => !/weeks/.test(reason)) : reasons
      return {
        ...billRow(ctx, bill, blockTime),
        cost: capacity === null ? null : orderCost(bill.price, capacity, weeks),
        pledge: capacity === null ? null : pledge(bill.price, capacity, bill.pledgeRate),
        orderCapacity: capacity,
        misfit: counted.length > 0 ? counted.join('; ') : null,
      }
    })
    .filter((row) => input.all || row.state === 'open')
    .filter((row) => input.all || !tooDearOrPoor(row, input))
  const sign = input.descending ? -1 : 1
  rows.sort((a, b) => sign * compare(keyOf(a, input.sort), keyOf(b, input.sort)))
  return { bills: rows.slice(0, input.limit), blockNumber, blockTime }
}

/** The filters that a person typed hide a row; what only does not fit the source stays, with its reason. */
function tooDearOrPoor(
  row: MarketRow,
  filter: { maxPrice?: bigint | undefined; minPledgeRate?: number | undefined },
): boolean {
  return (
    (filter.maxPrice !== undefined && row.price > filter.maxPrice) ||
    (filter.minPledgeRate !== undefined && row.pledgeRate < filter.minPledgeRate)
  )
}

function keyOf(row: MarketRow, sort: string): bigint {
  switch (sort) {
    case 'cost':
      return row.cost ?? row.price
    case 'pledge':
      return BigInt(row.pledgeRate)
    case 'free':
      return row.free
    case 'expiry':
      return row.expiresAt
    case 'bill':
      return row.billId
    default:
      return row.price
  }
}

const compare = (a: bigint, b: bigint): number => (a < b ? -1 : a > b ? 1 : 0)
