import type { OrderOnChain } from '@dmc/core/chain/types'
import type { MarketParameters } from '@dmc/core/market/parameters'
import { formatTime } from '@dmc/core/units/format-time'

/** Everything that a wallet can do with an order. */
export const ORDER_ACTS = [
  'extend',
  'shorten',
  'topUp',
  'challenge',
  'claim',
  'finish',
  'slash',
  'end',
  'quit',
  'cancelOrder',
  'refuse',
] as const
export type OrderAct = (typeof ORDER_ACTS)[number]

/** An act that is offered; `why`: it can't be done now. */
export interface OfferedAct {
  act: OrderAct
  why: string | null
}

type Facts = Pick<
  OrderOnChain,
  | 'user'
  | 'miner'
  | 'state'
  | 'createdAt'
  | 'endsAt'
  | 'noticeEndsAt'
  | 'challenge'
  | 'claimable'
  | 'commitment'
  | 'nextChallengeAt'
  | 'reserve'
  | 'bond'
>

/**
 * The acts that make sense for this wallet in this state, in the order in which they are shown; the Market itself decides in the end.
 * @param of.wallet whose
 * @param of.now of the chain, unix seconds
 */
export function actsOf(
  order: Facts,
  of: { wallet: string; now: bigint; parameters: MarketParameters },
): OfferedAct[] {
  const { now, parameters } = of
  const side =
    of.wallet.toLowerCase() === order.user.toLowerCase()
      ? 'user'
      : of.wallet.toLowerCase() === order.miner.toLowerCase()
        ? 'miner'
        : null
  if (order.state === 'preparing') return preparing(order, side, now, parameters)
  if (order.state !== 'active') return []
  const { challenge } = order
  if (challenge !== null) {
    const late = now > challenge.deadline
    return [
      {
        act: 'slash',
        why: late ? null : `The miner may answer until ${formatTime(challenge.deadline)}.`,
      },
      ...(side === 'user' ? [{ act: 'topUp' as const, why: null }] : []),
    ]
  }
  if (now > order.endsAt) return [{ act: 'finish', why: null }]
  if (side === 'user') return asUser(order, now)
  if (side === 'miner') return asMiner(order, now, parameters)
  return []
}

function preparing(
  order: Facts,
  side: 'user' | 'miner' | null,
  now: bigint,
  { prepareWindow }: MarketParameters,
): OfferedAct[] {
  const deadline = order.createdAt + prepareWindow
  if (side === 'user')
    return [
      { act: 'cancelOrder', why: null },
      { act: 'topUp', why: null },
    ]
  const cancel: OfferedAct = {
    act: 'cancelOrder',
    why: now > deadline ? null : `Only the user may before ${formatTime(deadline)}.`,
  }
  return side === 'miner' ? [{ act: 'refuse', why: null }, cancel] : [cancel]
}

function asUser(order: Facts, now: bigint): OfferedAct[] {
  const leaving = order.noticeEndsAt !== 0n
  return [
    {
      act: 'extend',
      why: leaving ? `The miner leaves on ${formatTime(order.noticeEndsAt)}.` : null,
    },
    { act: 'shorten', why: null },
    { act: 'topUp', why: null },
    {
      act: 'challenge',
      why:
        order.commitment === null
          ? 'Nothing is agreed on yet.'
          : now < order.nextChallengeAt
            ? `The next one may be opened at ${formatTime(order.nextChallengeAt)}.`
            : null,
    },
    { act: 'end', why: null },
  ]
}

function asMiner(order: Facts, now: bigint, { notice }: MarketParameters): OfferedAct[] {
  return [
    {
      act: 'claim',
      why: order.claimable > 0n ? null : 'Claims lag one week behind: nothing can be claimed yet.',
    },
    { act: 'end', why: null },
    {
      act: 'quit',
      why:
        order.noticeEndsAt !== 0n
          ? `Notice was given: it ends on ${formatTime(order.noticeEndsAt)}.`
          : now + notice >= order.endsAt
            ? 'The order ends before a notice would.'
            : null,
    },
  ]
}
