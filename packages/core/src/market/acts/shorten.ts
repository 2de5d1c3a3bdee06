import { marketError } from '../../chain/market-error.ts'
import type { BillOnChain } from '../../chain/types.ts'
import type { DmcError } from '../../errors/dmc-error.ts'
import { formatTime } from '../../units/format-time.ts'
import { weekPrice } from '../week-price.ts'
import { type ActExplanation, credits, NOTHING_MOVES, type OrderActInput } from './act.ts'
import { CLEARS_WISHES, endWishes } from './extend.ts'
import { notOwner, notRunning, problemsOf } from './refusals.ts'
import { AS_CREDIT, gets, weeksText } from './words.ts'

export interface ShortenInput extends OrderActInput {
  bill: Pick<BillOnChain, 'minWeeks'>
  /** In total, from the order's start. */
  weeks: number
}

/** Fewer weeks: the escrow of those that are left out comes back at once. */
export function explainShorten(input: ShortenInput): ActExplanation {
  const { order, weeks, parameters } = input
  const left = BigInt(order.weeks - weeks)
  const refund = left > 0n ? weekPrice(order.price, order.capacity) * left : 0n
  const termEnd = order.start + BigInt(weeks) * parameters.week
  const endsAt = order.noticeEndsAt !== 0n && order.noticeEndsAt < termEnd ? order.noticeEndsAt : termEnd
  return {
    ...NOTHING_MOVES,
    title: `Shorten order ${order.orderId} to ${weeksText(weeks)}`,
    sentence: `Leaves out the last ${weeksText(left > 0n ? left : 0n)}: the order then ends at ${formatTime(endsAt)} instead of ${formatTime(order.endsAt)}, and ${gets(refund)} come back ${AS_CREDIT}.`,
    facts: [
      ['Ends now', formatTime(order.endsAt)],
      ['Will end', formatTime(endsAt)],
      ['Comes back', `${gets(refund)} ${AS_CREDIT}`],
      ...(endWishes(order) ? [CLEARS_WISHES] : []),
    ],
    credits: credits({ party: 'user', to: order.user, amount: refund }),
    endsAt,
    problems: problemsOf(refusal(input, termEnd)),
  }
}

function refusal(input: ShortenInput, termEnd: bigint): DmcError | null {
  const { order, bill, weeks, now, by } = input
  const not = notRunning(input) ?? notOwner(order.user, by)
  if (not !== null) return not
  if (weeks < bill.minWeeks || weeks >= order.weeks) {
    return marketError('WeeksOutOfRange', BigInt(bill.minWeeks), BigInt(order.weeks - 1), BigInt(weeks))
  }
  return termEnd < now ? marketError('EndInPast', now, termEnd) : null
}
