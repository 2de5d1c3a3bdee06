import { marketError } from '../../chain/market-error.ts'
import type { DmcError } from '../../errors/dmc-error.ts'
import { MARKET_LIMITS } from '../parameters.ts'
import { type ActExplanation, NOTHING_MOVES, type OrderActInput } from './act.ts'
import { problemsOf, wrongState } from './refusals.ts'
import { gets, pays } from './words.ts'

const MOST_CHALLENGES = (1n << 32n) - 1n

export interface TopUpInput extends OrderActInput {
  challenges: number
}

/** More bonds for challenges. Anyone may pay them; what is left goes back to the order's user when it ends. */
export function explainTopUp(input: TopUpInput): ActExplanation {
  const { order, challenges } = input
  const takes = order.bond * BigInt(challenges)
  const then = order.reserve + takes
  return {
    ...NOTHING_MOVES,
    title: `Top up the reserve of order ${order.orderId}`,
    sentence: `Puts ${pays(takes)} into the reserve, enough for ${challenges} more challenge${challenges === 1 ? '' : 's'}; a miner that answers one wins its bond, and what is not used goes to the user when the order ends.`,
    facts: [
      ['Bond of a challenge', pays(order.bond)],
      ['Reserve now', gets(order.reserve)],
      ['Reserve then', gets(then)],
      ...(order.bond === 0n
        ? []
        : [['Challenges that it pays then', String(then / order.bond)] as [string, string]]),
      ['To pay now', pays(takes)],
    ],
    takes,
    endsAt: order.state === 'active' ? order.endsAt : null,
    problems: problemsOf(refusal(input, takes)),
  }
}

function refusal({ order, challenges }: TopUpInput, takes: bigint): DmcError | null {
  if (order.state !== 'preparing' && order.state !== 'active') return wrongState(order, 'active')
  if (BigInt(challenges) > MOST_CHALLENGES)
    return marketError('OutOfRange', MOST_CHALLENGES, BigInt(challenges))
  if (takes === 0n) return marketError('ZeroAmount')
  // The bond of an open challenge is still in there.
  const reserve = order.reserve + (order.challenge?.bond ?? 0n) + takes
  return reserve > MARKET_LIMITS.money ? marketError('OutOfRange', MARKET_LIMITS.money, reserve) : null
}
