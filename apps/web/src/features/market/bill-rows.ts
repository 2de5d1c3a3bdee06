import { wholeSteps } from '@dmc/core/market/capacity-for-source'
import { orderTotal } from '@dmc/core/market/order-cost'
import { weekPrice } from '@dmc/core/market/week-price'
import { parseTokens } from '@dmc/core/units/parse-tokens'
import type { RouterOutputs } from '../../server/router.ts'
import type { MarketSearch, SortKey } from './market-search.ts'

export type Bill = RouterOutputs['market']['bills']['items'][number]

export interface BillLine {
  bill: Bill
  /** MiB of the wish in whole steps of this bill. */
  capacity: bigint
  perWeek: bigint
  total: bigint
  /** Why an order of this size and term can't be taken here; '' when it can. */
  whyNot: string
}

/** What each bill would mean for the wish in the URL: filtered, costed, sorted. */
export function billLines(bills: readonly Bill[], search: MarketSearch): BillLine[] {
  const wish = BigInt(Math.ceil(search.gib * 1024))
  const most = search.maxPrice === '' ? null : parseTokens(search.maxPrice)
  return bills
    .filter((bill) => (most === null || bill.price <= most) && bill.pledgeRate >= search.minPledge)
    .map((bill) => {
      const capacity = wholeSteps(wish, bill.step)
      const { total } = orderTotal({
        price: bill.price,
        capacity,
        weeks: search.weeks,
        bond: bill.bond,
        challenges: 0,
      })
      return {
        bill,
        capacity,
        perWeek: weekPrice(bill.price, capacity),
        total,
        whyNot: whyNot(bill, capacity, search.weeks),
      }
    })
    .sort(order(search.sort, search.down))
}

function whyNot(bill: Bill, capacity: bigint, weeks: number): string {
  if (bill.free < capacity) return 'too little free'
  if (weeks < bill.minWeeks) return `from ${bill.minWeeks} weeks`
  if (weeks > bill.maxWeeks) return `up to ${bill.maxWeeks} weeks`
  return ''
}

const KEYS: Record<SortKey, (line: BillLine) => bigint> = {
  price: (line) => line.total,
  free: (line) => line.bill.free,
  pledge: (line) => BigInt(line.bill.pledgeRate),
  weeks: (line) => BigInt(line.bill.maxWeeks),
  bill: (line) => line.bill.billId,
}

/** Those that can be ordered first, then by the key, then the older bill: the same order on every reload. */
function order(sort: SortKey, down: boolean) {
  const key = KEYS[sort]
  return (a: BillLine, b: BillLine): number => {
    const fits = Number(a.whyNot !== '') - Number(b.whyNot !== '')
    if (fits !== 0) return fits
    const [x, y] = [key(a), key(b)]
    if (x !== y) return x < y === down ? 1 : -1
    return a.bill.billId < b.bill.billId ? -1 : 1
  }
}
