import type { Address } from 'viem'
import { answerCall } from '../../src/chain/acts/answer.ts'
import { cancelBillCall } from '../../src/chain/acts/cancel-bill.ts'
import { cancelOrderCall } from '../../src/chain/acts/cancel-order.ts'
import { challengeCall } from '../../src/chain/acts/challenge.ts'
import { claimCall } from '../../src/chain/acts/claim.ts'
import { endCall } from '../../src/chain/acts/end.ts'
import { extendCall } from '../../src/chain/acts/extend.ts'
import { finishCall } from '../../src/chain/acts/finish.ts'
import type { ChainCall } from '../../src/chain/acts/market-call.ts'
import { quitCall } from '../../src/chain/acts/quit.ts'
import { refuseCall } from '../../src/chain/acts/refuse.ts'
import { shortenCall } from '../../src/chain/acts/shorten.ts'
import { shrinkBillCall } from '../../src/chain/acts/shrink-bill.ts'
import { slashCall } from '../../src/chain/acts/slash.ts'
import { topUpCall } from '../../src/chain/acts/top-up.ts'
import { withdrawCall } from '../../src/chain/acts/withdraw.ts'
import type { BillOnChain, OperatorOnChain, OrderOnChain } from '../../src/chain/types.ts'
import type { ActExplanation } from '../../src/market/acts/act.ts'
import { explainAnswer } from '../../src/market/acts/answer.ts'
import { explainCancelBill } from '../../src/market/acts/cancel-bill.ts'
import { explainCancelOrder } from '../../src/market/acts/cancel-order.ts'
import { explainChallenge } from '../../src/market/acts/challenge.ts'
import { explainClaim } from '../../src/market/acts/claim.ts'
import { explainEnd } from '../../src/market/acts/end.ts'
import { explainExtend } from '../../src/market/acts/extend.ts'
import { explainFinish } from '../../src/market/acts/finish.ts'
import { explainQuit } from '../../src/market/acts/quit.ts'
import { explainRefuse } from '../../src/market/acts/refuse.ts'
import { explainShorten } from '../../src/market/acts/shorten.ts'
import { explainShrinkBill } from '../../src/market/acts/shrink-bill.ts'
import { explainSlash } from '../../src/market/acts/slash.ts'
import { explainTopUp } from '../../src/market/acts/top-up.ts'
import { explainWithdraw } from '../../src/market/acts/withdraw.ts'
import {
  ACCOUNTS,
  type Draws,
  MINERS,
  OPERATOR,
  oneLeaf,
  PARAMETERS,
  STRANGER,
  USERS,
} from './market-world.ts'

export interface DrawnAct {
  kind: ActKind
  by: Address
  /** The block's time. */
  at: bigint
  explained: ActExplanation
  call: ChainCall
  orderId: bigint | null
}

export const ACT_KINDS = [
  'extend',
  'shorten',
  'end',
  'quit',
  'topUp',
  'claim',
  'finish',
  'withdraw',
  'cancelOrder',
  'refuse',
  'cancelBill',
  'shrinkBill',
  'challenge',
  'answer',
  'slash',
] as const
export type ActKind = (typeof ACT_KINDS)[number]

export interface DrawFrom {
  draws: Draws
  market: Address
  head: bigint
  orders: OrderOnChain[]
  bills: BillOnChain[]
  credit: ReadonlyMap<Address, bigint>
  /** What OPERATOR may do for all users and miners. */
  operator: OperatorOnChain
}

/** An act, who does it and when: mostly the right one, often just at a boundary in time, sometimes nonsense. */
export function drawAct(kind: ActKind, from: DrawFrom): DrawnAct {
  const { draws, market, orders, bills, credit } = from
  const parameters = PARAMETERS
  if (kind === 'withdraw') {
    const rich = ACCOUNTS.filter((account) => (credit.get(account) ?? 0n) > 0n)
    const account = rich.length > 0 && draws.chance(0.8) ? draws.pick(rich) : draws.pick(ACCOUNTS)
    const by = draws.pick(ACCOUNTS)
    const explained = explainWithdraw({ account, credit: credit.get(account) ?? 0n })
    const call = withdrawCall(market, account)
    return { kind, by, at: from.head + 1n, explained, call, orderId: null }
  }
  if (kind === 'cancelBill' || kind === 'shrinkBill') {
    const open = bills.filter(({ cancelled, free }) => !cancelled && free > 0n)
    const bill = open.length > 0 && draws.chance(0.8) ? draws.pick(open) : draws.pick(bills)
    const at = drawTime(from, [bill.expiresAt])
    const by = draws.chance(0.8) ? bill.miner : draws.pick(ACCOUNTS)
    if (kind === 'cancelBill') {
      const explained = explainCancelBill({ bill, now: at, by })
      return { kind, by, at, explained, call: cancelBillCall(market, bill.billId), orderId: null }
    }
    const capacity = draws.chance(0.7) ? bill.step : draws.pick([0n, 1n, bill.free, bill.free + bill.step])
    const explained = explainShrinkBill({ bill, now: at, by, capacity })
    return { kind, by, at, explained, call: shrinkBillCall(market, bill.billId, capacity), orderId: null }
  }

  const fitting = orders.filter((order) => fits(kind, order, from.head))
  const order = fitting.length > 0 && draws.chance(0.85) ? draws.pick(fitting) : draws.pick(orders)
  const { orderId } = order
  const bill = bills.find(({ billId }) => billId === order.billId) as BillOnChain
  // An answer in time is rare by chance.
  const soon = kind === 'answer' && draws.chance(0.5)
  const at = soon
    ? from.head + 1n
    : drawTime(from, [
        order.endsAt,
        order.createdAt + parameters.prepareWindow,
        order.start + parameters.week,
        order.endsAt + parameters.week,
        order.nextChallengeAt,
        order.challenge?.deadline ?? 0n,
        order.endStatedByUser,
        order.endStatedByMiner,
        order.endsAt - parameters.notice,
        bill.expiresAt,
        ...[1n, 2n, 3n].map((weeks) => order.start + weeks * parameters.week),
      ])
  const right: Record<Exclude<ActKind, 'withdraw' | 'cancelBill' | 'shrinkBill'>, readonly Address[]> = {
    extend: [order.user],
    shorten: [order.user],
    end: [order.user, order.miner],
    quit: [order.miner],
    topUp: ACCOUNTS,
    claim: ACCOUNTS,
    finish: ACCOUNTS,
    cancelOrder: [order.user, STRANGER],
    refuse: [order.miner, OPERATOR],
    challenge: [order.user, OPERATOR],
    answer: ACCOUNTS,
    slash: ACCOUNTS,
  }
  const by = draws.chance(0.9) ? draws.pick(right[kind]) : draws.pick(ACCOUNTS)
  const input = { order, parameters, now: at, by }
  const operator = by === OPERATOR ? from.operator : null
  const as = (explained: ActExplanation, call: ChainCall): DrawnAct => ({
    kind,
    by,
    at,
    explained,
    call,
    orderId,
  })
  switch (kind) {
    case 'extend': {
      const weeks = draws.pick([1, 1, 1, 1, 1, 2, 3, 0, 65_535])
      const maxPrice = draws.chance(0.9) ? order.price : order.price - 1n
      return as(
        explainExtend({ ...input, bill, weeks, maxPrice }),
        extendCall(market, orderId, weeks, maxPrice),
      )
    }
    case 'shorten': {
      const weeks = Math.max(
        0,
        draws.pick([order.weeks - 1, order.weeks - 1, order.weeks - 1, order.weeks, 0, 1]),
      )
      return as(explainShorten({ ...input, bill, weeks }), shortenCall(market, orderId, weeks))
    }
    case 'end': {
      const validUntil = draws.pick([at, at + 1n, at + 300n, at + 3_000n, 0n, at - 1n, 1n << 40n])
      return as(explainEnd({ ...input, validUntil }), endCall(market, orderId, validUntil))
    }
    case 'quit':
      return as(explainQuit(input), quitCall(market, orderId))
    case 'topUp': {
      const challenges = draws.pick([1, 2, 3, 0, 2 ** 32])
      return as(explainTopUp({ ...input, challenges }), topUpCall(market, orderId, challenges))
    }
    case 'claim':
      return as(explainClaim(input), claimCall(market, orderId))
    case 'finish':
      return as(explainFinish(input), finishCall(market, orderId))
    case 'cancelOrder':
      return as(explainCancelOrder({ ...input, bill }), cancelOrderCall(market, orderId))
    case 'refuse': {
      const reason = draws.chance(0.9) ? 'kein Platz für das' : 'ü'.repeat(65)
      return as(explainRefuse({ ...input, bill, reason, operator }), refuseCall(market, orderId, reason))
    }
    case 'challenge': {
      const leafIndex = draws.chance(0.9) ? 0n : 1n
      return as(
        explainChallenge({ ...input, leafIndex, operator }),
        challengeCall(market, orderId, leafIndex),
      )
    }
    case 'answer':
      return as(explainAnswer(input), answerCall(market, orderId, oneLeaf(order.capacity)))
    case 'slash': {
      const zero = '0x0000000000000000000000000000000000000000' as const
      const rewardTo = draws.chance(0.8)
        ? draws.pick([...USERS, ...MINERS, STRANGER])
        : draws.pick([zero, market, OPERATOR])
      const known = from.operator.scopes !== 0 && rewardTo === OPERATOR
      const rewardIsOperatorOf = { user: known, miner: known }
      const explained = explainSlash({ ...input, market, rewardTo, rewardIsOperatorOf })
      return as(explained, slashCall(market, orderId, rewardTo))
    }
  }
}

function drawTime({ draws, head }: DrawFrom, boundaries: bigint[]): bigint {
  const ahead = boundaries
    .flatMap((boundary) => [boundary - 1n, boundary, boundary + 1n])
    .filter((time) => time > head && time < head + 600n)
  if (ahead.length > 0 && draws.chance(0.3)) return draws.pick(ahead)
  return head + BigInt(1 + draws.below(draws.chance(0.9) ? 5 : 250))
}

function fits(kind: ActKind, order: OrderOnChain, head: bigint): boolean {
  const { state, challenge, endsAt } = order
  if (kind === 'cancelOrder' || kind === 'refuse') return state === 'preparing'
  if (kind === 'answer' || kind === 'slash') return state === 'active' && challenge !== null
  if (state !== 'active' || challenge !== null) return false
  return kind === 'finish' || kind === 'claim' || kind === 'topUp' || endsAt > head + 10n
}
