import { marketError } from '../../chain/market-error.ts'
import type { BillOnChain } from '../../chain/types.ts'
import type { DmcError } from '../../errors/dmc-error.ts'
import { formatTime } from '../../units/format-time.ts'
import { MARKET_LIMITS } from '../parameters.ts'
import { weekPrice } from '../week-price.ts'
import { type ActExplanation, NOTHING_MOVES, type OrderActInput } from './act.ts'
import { notOwner, notRunning, problemsOf } from './refusals.ts'
import { termEndsAt } from './settle.ts'
import { pays, weeksText } from './words.ts'

export interface ExtendInput extends OrderActInput {
  bill: Pick<BillOnChain, 'cancelled' | 'expiresAt' | 'maxWeeks'>
  /** To add. */
  weeks: number
  /** Token wei per GiB-week; absent: the order's own, which never changes. */
  maxPrice?: bigint
}

/** More weeks at the order's price, paid now. Only while the bill is open, and no further ahead than it allows. */
export function explainExtend(input: ExtendInput): ActExplanation {
  const { order, weeks, parameters } = input
  const aWeek = weekPrice(order.price, order.capacity)
  const takes = aWeek * BigInt(weeks)
  const endsAt = termEndsAt(input) + BigInt(weeks) * parameters.week
  return {
    ...NOTHING_MOVES,
    title: `Extend order ${order.orderId} by ${weeksText(weeks)}`,
    sentence: `Adds ${weeksText(weeks)} for ${pays(takes)}: the order then runs until ${formatTime(endsAt)} instead of ${formatTime(order.endsAt)}.`,
    facts: [
      ['Ends now', formatTime(order.endsAt)],
      ['Will end', formatTime(endsAt)],
      ['A week', pays(aWeek)],
      ['To pay now', pays(takes)],
      ...(endWishes(order) ? [CLEARS_WISHES] : []),
    ],
    takes,
    endsAt,
    problems: problemsOf(refusal(input, endsAt)),
  }
}

function refusal(input: ExtendInput, endsAt: bigint): DmcError | null {
  const { order, bill, weeks, now, by, parameters } = input
  const not = notRunning(input) ?? notOwner(order.user, by)
  if (not !== null) return not
  if (order.noticeEndsAt !== 0n) return marketError('NoticeGiven', order.noticeEndsAt)
  if (bill.cancelled) return marketError('BillIsCancelled', order.billId)
  if (now > bill.expiresAt) return marketError('BillExpired', bill.expiresAt, now)
  const maxPrice = input.maxPrice ?? order.price
  if (order.price > maxPrice) return marketError('PriceTooHigh', maxPrice, order.price)
  const most = MARKET_LIMITS.weeks - order.weeks
  if (weeks === 0 || weeks > most) {
    return marketError('WeeksOutOfRange', 1n, BigInt(most), BigInt(weeks))
  }
  const latest = now + BigInt(bill.maxWeeks) * parameters.week
  return endsAt > latest ? marketError('EndTooLate', latest, endsAt) : null
}

/** Somebody's wish to end it stands, or stood. */
export function endWishes(order: OrderActInput['order']): boolean {
  return order.endStatedByUser !== 0n || order.endStatedByMiner !== 0n
}

/** What changes an order takes back what both sides have wished about it as it was. */
export const CLEARS_WISHES: [string, string] = ['Wishes to end it', 'are cleared by this; state them again']
