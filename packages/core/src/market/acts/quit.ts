import { marketError } from '../../chain/market-error.ts'
import type { DmcError } from '../../errors/dmc-error.ts'
import { formatTime } from '../../units/format-time.ts'
import { BASIS } from '../parameters.ts'
import { weekPrice } from '../week-price.ts'
import { type ActExplanation, NOTHING_MOVES, type OrderActInput } from './act.ts'
import { CLEARS_WISHES, endWishes } from './extend.ts'
import { notOwner, notRunning, problemsOf } from './refusals.ts'
import { termEndsAt } from './settle.ts'
import { gets, pays } from './words.ts'

/** The miner's notice: the order ends early, and a share of the pledge goes to the user then. It can't be taken back. */
export function explainQuit(input: OrderActInput): ActExplanation {
  const { order, now, parameters } = input
  const endsAt = now + parameters.notice
  const share = (order.pledge * parameters.quitShare) / BASIS
  const earns = (weekPrice(order.price, order.capacity) * parameters.notice) / parameters.week
  return {
    ...NOTHING_MOVES,
    title: `Give notice of order ${order.orderId}`,
    sentence: `The order ends at ${formatTime(endsAt)} instead of ${formatTime(order.endsAt)}, and ${pays(share)} of the miner’s pledge go to the user then; this can’t be taken back, and the data must be kept until that time.`,
    facts: [
      ['Ends now', formatTime(order.endsAt)],
      ['Will end', formatTime(endsAt)],
      ['Of the pledge, to the user', `${pays(share)} of ${gets(order.pledge)}`],
      ['Earned until then', gets(earns)],
      ...(endWishes(order) ? [CLEARS_WISHES] : []),
    ],
    endsAt,
    problems: problemsOf(refusal(input, endsAt)),
  }
}

function refusal(input: OrderActInput, noticeEndsAt: bigint): DmcError | null {
  const { order, by } = input
  const not = notRunning(input) ?? notOwner(order.miner, by)
  if (not !== null) return not
  if (order.noticeEndsAt !== 0n) return marketError('NoticeGiven', order.noticeEndsAt)
  const end = termEndsAt(input)
  return noticeEndsAt >= end ? marketError('NoticeTooLate', end, noticeEndsAt) : null
}
