import { type Address, zeroAddress } from 'viem'
import { marketError } from '../../chain/market-error.ts'
import type { DmcError } from '../../errors/dmc-error.ts'
import { formatTime } from '../../units/format-time.ts'
import { divideSlashedPledge } from '../pledge.ts'
import { type ActExplanation, credits, NOTHING_MOVES, type OrderActInput, sameAddress } from './act.ts'
import { notChallenged } from './answer.ts'
import { problemsOf } from './refusals.ts'
import { AS_CREDIT, gets } from './words.ts'

export interface SlashInput extends OrderActInput {
  market: Address
  /** Who gets the reporter's share: a wallet, never somebody's operator. */
  rewardTo: Address
  /** Of which party of the order `rewardTo` is an operator, expired or not; absent: of none. */
  rewardIsOperatorOf?: { user: boolean; miner: boolean }
}

/** flow 14: the challenge was not answered in time. Anyone may send it. */
export function explainSlash(input: SlashInput): ActExplanation {
  const { order, parameters, rewardTo } = input
  const { user, reporter, burned } = divideSlashedPledge(order.pledge, parameters)
  const toUser = order.escrow + order.reserve + (order.challenge?.bond ?? 0n) + user
  return {
    ...NOTHING_MOVES,
    title: `Slash order ${order.orderId}`,
    sentence: `The miner did not show its data in time, so the order ends: ${gets(toUser)} go to the user, ${gets(reporter)} to ${rewardTo}, and ${gets(burned)} of the miner’s pledge are burned.`,
    facts: [
      ['Deadline', order.challenge === null ? 'none' : formatTime(order.challenge.deadline)],
      ['To the user', `${gets(toUser)} ${AS_CREDIT}: ${gets(user)} of the pledge, the rest is its own`],
      ['Reward', `${gets(reporter)} ${AS_CREDIT}, to ${rewardTo}`],
      ['Burned', gets(burned)],
      ['The miner loses', gets(order.pledge)],
    ],
    credits: credits(
      { party: 'user', to: order.user, amount: toUser },
      { party: 'reporter', to: rewardTo, amount: reporter },
    ),
    burns: burned,
    problems: problemsOf(refusal(input)),
  }
}

function refusal(input: SlashInput): DmcError | null {
  const { order, now, market, rewardTo, rewardIsOperatorOf: operatorOf } = input
  const not = notChallenged(order)
  if (not !== null) return not
  const deadline = order.challenge?.deadline ?? 0n
  if (now <= deadline) return marketError('AnswerNotLate', deadline, now)
  if (sameAddress(rewardTo, zeroAddress) || sameAddress(rewardTo, market)) {
    return marketError('BadRewardAddress', rewardTo)
  }
  if (sameAddress(rewardTo, order.user) || sameAddress(rewardTo, order.miner)) return null
  if (operatorOf?.user) return marketError('RewardToOperator', order.user, rewardTo)
  return operatorOf?.miner ? marketError('RewardToOperator', order.miner, rewardTo) : null
}
