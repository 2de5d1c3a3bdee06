import { marketError } from '../../chain/market-error.ts'
import type { OperatorOnChain } from '../../chain/types.ts'
import type { DmcError } from '../../errors/dmc-error.ts'
import { formatTime } from '../../units/format-time.ts'
import { divideSlashedPledge } from '../pledge.ts'
import { type ActExplanation, NOTHING_MOVES, type OrderActInput } from './act.ts'
import { CLEARS_WISHES, endWishes } from './extend.ts'
import { notAuthorised, notRunning, problemsOf } from './refusals.ts'
import { fromNow, gets, pays } from './words.ts'

/** The size of a leaf of the tree. */
const LEAF_BYTES = 1_024n

export interface ChallengeInput extends OrderActInput {
  leafIndex: bigint
  /** What the user has granted to `by`; not needed for the user itself. */
  operator?: OperatorOnChain | null
}

/** flow 14: the miner must show one leaf in time, or lose its pledge. The bond is in the reserve already. */
export function explainChallenge(input: ChallengeInput): ActExplanation {
  const { order, parameters, now, leafIndex } = input
  const deadline = now + parameters.answerWindow
  const shares = divideSlashedPledge(order.pledge, parameters)
  return {
    ...NOTHING_MOVES,
    title: `Challenge order ${order.orderId}, leaf ${leafIndex}`,
    sentence: `The miner must show leaf ${leafIndex} on the chain until ${formatTime(deadline)}: it wins the bond of ${pays(order.bond)} if it does, and can be slashed if it does not.`,
    facts: [
      ['Bond, from the reserve', `${pays(order.bond)} of ${gets(order.reserve)}`],
      ['Deadline', `${formatTime(deadline)}, ${fromNow(deadline, now)}`],
      ['If the miner shows it', `it gets ${pays(order.bond)}, and the order goes on`],
      [
        'If it does not',
        `the order ends: ${gets(order.escrow + order.reserve + shares.user)} go to the user, ${gets(shares.reporter)} to who slashes, ${gets(shares.burned)} are burned`,
      ],
      ['Until then', 'nothing else can be done with the order'],
      ...(endWishes(order) ? [CLEARS_WISHES] : []),
    ],
    endsAt: order.endsAt,
    problems: problemsOf(refusal(input)),
  }
}

function refusal(input: ChallengeInput): DmcError | null {
  const { order, now, leafIndex } = input
  const not = notRunning(input) ?? notAuthorised(order.user, input, 'CHALLENGE', input.operator ?? null)
  if (not !== null) return not
  const leaves = (order.commitment?.size ?? 0n) / LEAF_BYTES
  if (leafIndex >= leaves) return marketError('LeafOutOfRange', leaves, leafIndex)
  if (now < order.nextChallengeAt) return marketError('CooldownActive', order.nextChallengeAt, now)
  return order.reserve < order.bond ? marketError('ReserveTooSmall', order.bond, order.reserve) : null
}
