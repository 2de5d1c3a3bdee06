import { marketCall } from '@dmc/core/chain/acts/market-call'
import { readOrder } from '@dmc/core/chain/read-order'
import { OPERATOR_SCOPES, type OrderOnChain } from '@dmc/core/chain/types'
import { DmcError } from '@dmc/core/errors/dmc-error'
import { LEAF_SIZE } from '@dmc/core/merkle/constants'
import { formatDuration } from '@dmc/core/units/format-duration'
import { formatTime } from '@dmc/core/units/format-time'
import { formatTokens } from '@dmc/core/units/format-tokens'
import type { Address, LocalAccount } from 'viem'
import type { AccountContext } from './context.ts'
import { type Executed, type Execution, executePlan } from './execute-plan.ts'
import { operatorAllowed } from './operator-allowed.ts'
import { makePlan, type Planned } from './plan.ts'

/**
 * Having a leaf proven on chain, or the pledge lost (flow 14). The bond comes out of the order's reserve, so the operator may sign; the wallet
 * does on a host whose operator may not. Shows gas, bond, outcome and deadline; sends nothing.
 * @throws ORDER_NOT_FOUND, NOT_OPERATOR, OPERATOR_EXPIRED, RPC_*
 */
export async function planChallenge(
  context: AccountContext,
  orderId: bigint,
  leaf: bigint,
): Promise<Planned> {
  const { market, rpc, facts, reader } = context
  const order = await readOrder(rpc.client, { market, orderId })
  const account = await challenger(context, order)
  const now = await reader.chainTime()
  const problems = challengeProblems(order, leaf, now)
  const { answerWindow } = facts.parameters
  const tokens = (wei: bigint) => formatTokens(wei, { symbol: facts.symbol })
  return makePlan(context, {
    title: `Challenge leaf ${leaf} of order ${orderId} on chain`,
    account,
    // a problem that is known already says more than the Market's
    call: problems.length > 0 ? null : () => marketCall(market, 'challenge', [orderId, leaf]),
    facts: [
      ['The miner', `must prove leaf ${leaf} on chain, for everybody to see`],
      [
        'Deadline',
        `${formatTime(now + answerWindow)}, ${formatDuration(Number(answerWindow))} after the challenge`,
      ],
      ['If it proves', `it gets the bond of ${tokens(order.bond)} out of the order’s reserve`],
      [
        'If it does not',
        `anybody may slash it: you get ${tokens(order.escrow + order.reserve)} back and your share of its pledge of ${tokens(order.pledge)}; the order ends`,
      ],
      ['Reserve', `${tokens(order.reserve)}; until it is settled nothing else can be done with the order`],
    ],
    problems,
  })
}

/** @throws what `planChallenge` and `send` throw, and the plan's first problem */
export function challengeOrder(
  context: AccountContext,
  orderId: bigint,
  leaf: bigint,
  execution: Execution,
): Promise<Executed> {
  return executePlan(context, () => planChallenge(context, orderId, leaf), {
    subject: `order:${orderId}`,
    ...execution,
  })
}

/** One wish for each leaf and round: what a person and the agent itself want at the same time is one challenge. */
export const challengeIntent = (market: Address, order: OrderOnChain, leaf: bigint): string =>
  `challenge:${market}:${order.orderId}:${leaf}:${order.nextChallengeAt}`

/** Why an order can't be challenged now, the most lasting reason first. Times in unix seconds by the chain. */
export function challengeProblems(order: OrderOnChain, leaf: bigint, now: bigint): DmcError[] {
  const { orderId, state, endsAt, commitment, challenge, nextChallengeAt, reserve, bond } = order
  if (state !== 'active' || commitment === null) {
    return [
      new DmcError('ORDER_STATE', `Order ${orderId} is ${state}; only an active one can be challenged.`, {
        hint: 'Nothing can be asked of its miner on chain.',
      }),
    ]
  }
  const problems: DmcError[] = []
  if (now > endsAt) {
    problems.push(
      new DmcError('MARKET_ORDER_OVER', `Order ${orderId} ended at ${formatTime(endsAt)}.`, {
        hint: 'A challenge is possible up to the end of an order.',
      }),
    )
  }
  if (leaf * BigInt(LEAF_SIZE) >= commitment.size) {
    problems.push(
      new DmcError(
        'MARKET_LEAF_OUT_OF_RANGE',
        `Leaf ${leaf} is not among the ${commitment.size / BigInt(LEAF_SIZE)} leaves of order ${orderId}.`,
        { hint: 'Leaves count from 0.' },
      ),
    )
  }
  if (reserve < bond) {
    problems.push(
      new DmcError(
        'MARKET_RESERVE_TOO_SMALL',
        `Order ${orderId} has a reserve of ${formatTokens(reserve)}; a challenge takes a bond of ${formatTokens(bond)}.`,
        { hint: 'Top its reserve up from the wallet first; anybody may.' },
      ),
    )
  }
  if (challenge !== null) {
    problems.push(
      new DmcError(
        'MARKET_CHALLENGE_OPEN',
        `Leaf ${challenge.leafIndex} of order ${orderId} is challenged already, until ${formatTime(challenge.deadline)}.`,
        { hint: 'Wait for the answer, or for the deadline.' },
      ),
    )
  }
  if (nextChallengeAt > now) {
    problems.push(
      new DmcError(
        'MARKET_COOLDOWN_ACTIVE',
        `Order ${orderId} can be challenged again from ${formatTime(nextChallengeAt)} on.`,
        { hint: 'Its last challenge was answered a short time ago; wait until then.' },
      ),
    )
  }
  return problems
}

/** The operator, if the user lets it; else the user's wallet, if it is here. */
async function challenger(context: AccountContext, order: OrderOnChain): Promise<LocalAccount> {
  try {
    await operatorAllowed(context, order.user, OPERATOR_SCOPES.CHALLENGE)
    return context.operator
  } catch (error) {
    const { wallet } = context
    const missing = DmcError.is(error) && (error.code === 'NOT_OPERATOR' || error.code === 'OPERATOR_EXPIRED')
    if (missing && wallet?.address.toLowerCase() === order.user.toLowerCase()) return wallet
    throw error
  }
}
