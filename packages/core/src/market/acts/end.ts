import { marketError } from '../../chain/market-error.ts'
import type { DmcError } from '../../errors/dmc-error.ts'
import { formatTime } from '../../units/format-time.ts'
import { type ActExplanation, credits, NOTHING_MOVES, type OrderActInput, sameAddress } from './act.ts'
import { notRunning, problemsOf } from './refusals.ts'
import { settlement } from './settle.ts'
import { AS_CREDIT, gets } from './words.ts'

/** The Market keeps times in 40 bits. */
const LAST_SECOND = (1n << 40n) - 1n

export interface EndInput extends OrderActInput {
  /** Until when the wish stands, unix seconds; 0 takes it back. */
  validUntil: bigint
}

/** One side's wish to end the order at once. When the other side's stands, too, this act settles it. */
export function explainEnd(input: EndInput): ActExplanation {
  const { order, now, by, validUntil } = input
  const byUser = sameAddress(by, order.user)
  const [mine, theirs] = byUser
    ? [order.endStatedByUser, order.endStatedByMiner]
    : [order.endStatedByMiner, order.endStatedByUser]
  const other = byUser ? 'miner' : 'user'
  const back = validUntil === 0n
  const settles = validUntil >= now && theirs >= now
  const paid = settlement(input, now, false)
  const shown = settles ? '' : ', if now'
  return {
    ...NOTHING_MOVES,
    title: back ? `Take back the wish to end order ${order.orderId}` : `End order ${order.orderId}`,
    sentence: back
      ? 'The wish to end this order stands no longer; the order goes on as it is.'
      : settles
        ? `The ${other} wishes it, too, so the order ends with this transaction: ${gets(paid.toUser)} go to the user and ${gets(paid.toMiner)} to the miner, ${AS_CREDIT}.`
        : `States the wish to end this order; it ends as soon as the ${other} states the same before ${formatTime(validUntil)}, and until then nothing changes.`,
    facts: [
      [`The ${other}’s wish`, wish(theirs, now)],
      ['The own wish', wish(mine, now)],
      ...(back ? [] : [['The own wish will stand', `until ${formatTime(validUntil)}`] as [string, string]]),
      [`To the user${shown}`, gets(paid.toUser)],
      [
        `To the miner${shown}`,
        `${gets(paid.toMiner)}: ${gets(paid.due)} earned, ${gets(order.pledge)} of pledge`,
      ],
    ],
    credits: settles
      ? credits(
          { party: 'user', to: order.user, amount: paid.toUser },
          { party: 'miner', to: order.miner, amount: paid.toMiner },
        )
      : [],
    endsAt: settles ? null : order.endsAt,
    problems: problemsOf(refusal(input, byUser)),
  }
}

const wish = (until: bigint, now: bigint) =>
  until === 0n
    ? 'none'
    : until >= now
      ? `stands until ${formatTime(until)}`
      : `expired at ${formatTime(until)}`

function refusal(input: EndInput, byUser: boolean): DmcError | null {
  const { order, now, by, validUntil } = input
  const not = notRunning(input)
  if (not !== null) return not
  if (!byUser && !sameAddress(by, order.miner)) return marketError('NotParty', order.user, order.miner, by)
  if (validUntil !== 0n && (validUntil < now || validUntil > LAST_SECOND)) {
    return marketError('ExpiryOutOfRange', now, LAST_SECOND, validUntil)
  }
  return null
}
