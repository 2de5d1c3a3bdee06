import { marketError } from '../../chain/market-error.ts'
import type { DmcError } from '../../errors/dmc-error.ts'
import { formatTime } from '../../units/format-time.ts'
import { type ActExplanation, credits, NOTHING_MOVES, type OrderActInput } from './act.ts'
import { frozen, problemsOf, wrongState } from './refusals.ts'
import { endsByNotice, settlement } from './settle.ts'
import { AS_CREDIT, gets } from './words.ts'

/** Settles an order whose time is over. Anyone may send it. */
export function explainFinish(input: OrderActInput): ActExplanation {
  const { order } = input
  const quit = endsByNotice(input)
  const paid = settlement(input, order.endsAt, quit)
  return {
    ...NOTHING_MOVES,
    title: `Finish order ${order.orderId}`,
    sentence: `The order is over since ${formatTime(order.endsAt)}: ${gets(paid.toUser)} go to the user and ${gets(paid.toMiner)} to the miner, ${AS_CREDIT}; the data may be deleted then.`,
    facts: [
      ['Ended', `${formatTime(order.endsAt)}, ${quit ? 'by the miner’s notice' : 'its weeks are over'}`],
      [
        'To the user',
        `${gets(paid.toUser)}: ${gets(order.reserve)} of reserve${
          quit ? `, ${gets(paid.unearned)} not earned, ${gets(paid.share)} of the pledge` : ''
        }`,
      ],
      [
        'To the miner',
        `${gets(paid.toMiner)}: ${gets(paid.due)} earned, ${gets(order.pledge - paid.share)} of pledge`,
      ],
    ],
    credits: credits(
      { party: 'user', to: order.user, amount: paid.toUser },
      { party: 'miner', to: order.miner, amount: paid.toMiner },
    ),
    problems: problemsOf(refusal(input)),
  }
}

function refusal({ order, now }: OrderActInput): DmcError | null {
  return (
    frozen(order) ??
    wrongState(order, 'active') ??
    (now <= order.endsAt ? marketError('OrderNotOver', order.endsAt, now) : null)
  )
}
