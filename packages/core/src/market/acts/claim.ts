import { marketError } from '../../chain/market-error.ts'
import type { DmcError } from '../../errors/dmc-error.ts'
import { formatTime } from '../../units/format-time.ts'
import { claimable } from '../earned.ts'
import { type ActExplanation, credits, NOTHING_MOVES, type OrderActInput } from './act.ts'
import { frozen, problemsOf, wrongState } from './refusals.ts'
import { AS_CREDIT, gets } from './words.ts'

/** What the order has earned until one week ago, to its miner. Anyone may send it. */
export function explainClaim(input: OrderActInput): ActExplanation {
  const { order, parameters, now } = input
  const amount =
    order.challenge === null && order.state === 'active' ? claimable(order, now, parameters.week) : 0n
  const until = now - parameters.week
  return {
    ...NOTHING_MOVES,
    title: `Claim from order ${order.orderId}`,
    sentence: `Credits the miner with ${gets(amount)}, what it earned until one week ago and has not claimed.`,
    facts: [
      ['To the miner', `${gets(amount)} ${AS_CREDIT}`],
      ['Earned until', formatTime(earlier(until, order.endsAt))],
      ['Claimed before', gets(order.claimed)],
      ['Left in escrow', gets(order.escrow - amount)],
    ],
    credits: credits({ party: 'miner', to: order.miner, amount }),
    endsAt: order.endsAt,
    problems: problemsOf(refusal(order, amount)),
  }
}

function refusal(order: OrderActInput['order'], amount: bigint): DmcError | null {
  return (
    frozen(order) ??
    wrongState(order, 'active') ??
    (amount === 0n ? marketError('NothingToClaim', order.orderId) : null)
  )
}

function earlier(one: bigint, other: bigint): bigint {
  if (one < other) return one
  return other
}
