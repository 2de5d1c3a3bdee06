import { marketError } from '../../chain/market-error.ts'
import type { DmcError } from '../../errors/dmc-error.ts'
import { formatTime } from '../../units/format-time.ts'
import { type ActExplanation, credits, NOTHING_MOVES, type OrderActInput } from './act.ts'
import { problemsOf, wrongState } from './refusals.ts'
import { AS_CREDIT, gets } from './words.ts'

/** flow 14: the leaf that an open challenge asks for. Anyone may send it; whether it is right is not looked at here. */
export function explainAnswer(input: OrderActInput): ActExplanation {
  const { order, now } = input
  const bond = order.challenge?.bond ?? 0n
  const leaf = order.challenge === null ? 'a leaf' : `leaf ${order.challenge.leafIndex}`
  return {
    ...NOTHING_MOVES,
    title: `Answer the challenge of order ${order.orderId}`,
    sentence: `Shows ${leaf} on the chain: the order goes on, and its miner gets the bond of ${gets(bond)} ${AS_CREDIT}.`,
    facts: [
      ['Deadline', order.challenge === null ? 'none' : formatTime(order.challenge.deadline)],
      ['To the miner', `${gets(bond)} ${AS_CREDIT}`],
    ],
    credits: credits({ party: 'miner', to: order.miner, amount: bond }),
    endsAt: order.endsAt,
    problems: problemsOf(notChallenged(order) ?? late(order, now)),
  }
}

/** Not an active order with an open challenge. */
export function notChallenged(order: OrderActInput['order']): DmcError | null {
  const not = wrongState(order, 'active')
  if (not !== null) return not
  return order.challenge === null ? marketError('NoChallenge', order.orderId) : null
}

function late({ challenge }: OrderActInput['order'], now: bigint): DmcError | null {
  const deadline = challenge?.deadline ?? 0n
  return now > deadline ? marketError('AnswerTooLate', deadline, now) : null
}
