import { BASIS } from '@dmc/core/market/parameters'
import { formatSize } from '@dmc/core/units/format-size'
import { DAY, type MarketOrder, type OwnerFacts } from '../facts.ts'
import { type Finding, orderHref, type Rule, span, tokens } from '../finding.ts'

const asUser = ({ orders, owner }: OwnerFacts) => orders.filter((order) => order.user === owner)

/** The smallest of the days that the rest fits into; null: more is left than any. */
export function daysStage(secondsLeft: number, daysBefore: readonly number[]): number | null {
  const within = daysBefore.filter((days) => secondsLeft <= days * DAY)
  return within.length === 0 ? null : Math.min(...within)
}

/** A day left is urgent, a week is worth a warning. */
export const levelOfDays = (secondsLeft: number) =>
  secondsLeft <= DAY ? 'error' : secondsLeft <= 7 * DAY ? 'warning' : 'info'

/** The user's order nears its end, so that it can be renewed while its data is still there. */
export const orderEnds: Rule = (facts) => {
  const { chain, settings } = facts
  if (chain === null) return null
  return asUser(facts).flatMap((order): Finding[] => {
    if (order.state !== 'active' || order.noticeEndsAt > 0n) return []
    const left = Number(order.endsAt) - chain.now
    const stage = daysStage(left, settings.daysBefore)
    if (left <= 0 || stage === null) return []
    return [
      {
        kind: 'order-ends',
        subject: `order:${order.orderId}`,
        level: levelOfDays(left),
        message: `Order ${order.orderId} ends in ${span(left)}.`,
        cause: `Then nobody is paid to keep ${stored(order)} any more.`,
        hint: 'Renew it: its data stays where it is, nothing is sent again.',
        href: orderHref(order.orderId, 'user'),
        action: 'Renew',
        money: null,
        deadline: Number(order.endsAt),
        stage,
      },
    ]
  })
}

const stored = (order: MarketOrder): string =>
  order.commitment === null ? 'its data' : `its ${formatSize(order.commitment.size)}`

/** It is over on chain, but the money is still locked until somebody says so. */
export const orderOver: Rule = ({ chain, orders, owner }) => {
  if (chain === null) return null
  return orders.flatMap((order): Finding[] => {
    if (order.state !== 'active' || order.challenge !== null || Number(order.endsAt) >= chain.now) return []
    const user = order.user === owner
    const money = user ? order.reserve : order.pledge + order.escrow
    return [
      {
        kind: 'order-over',
        subject: `order:${order.orderId}`,
        level: 'warning',
        message: `Order ${order.orderId} has ended and waits for its settlement.`,
        cause: user
          ? `Until then ${tokens(money)} of its reserve stay locked.`
          : `Until then the pledge and what is not claimed stay locked: ${tokens(money)}.`,
        hint: 'Finish it; then withdraw.',
        href: orderHref(order.orderId, user ? 'user' : 'miner'),
        action: 'Finish',
        money,
        deadline: null,
        stage: 0,
      },
    ]
  })
}

/** Both sides have not agreed, and the time in which they can runs out. */
export const orderNotActive: Rule = ({ chain, orders, owner }) => {
  if (chain === null) return null
  const window = Number(chain.parameters.prepareWindow)
  return orders.flatMap((order): Finding[] => {
    if (order.state !== 'preparing') return []
    const end = Number(order.createdAt) + window
    const left = end - chain.now
    if (left > window / 3) return []
    const user = order.user === owner
    const money = user ? order.escrow + order.reserve : order.pledge
    const over = left <= 0
    const missing = user
      ? order.userPrepare === null
        ? 'Your host has not stated what it sent.'
        : 'The miner has not stated what it holds.'
      : order.minerPrepare === null
        ? 'Your host has not stated what it holds.'
        : 'The user has not stated what was sent.'
    return [
      {
        kind: 'order-not-active',
        subject: `order:${order.orderId}`,
        level: over ? 'error' : 'warning',
        message: over
          ? `Order ${order.orderId} did not come into force.`
          : `Order ${order.orderId} is not in force, with ${span(left)} left.`,
        cause: `${missing} ${over ? `${tokens(money)} wait to be freed.` : ''}`.trim(),
        hint: over
          ? 'Cancel it: everything that was put in comes back.'
          : 'See that your host runs and is connected.',
        href: orderHref(order.orderId, user ? 'user' : 'miner'),
        action: over ? 'Cancel and take it back' : 'See the order',
        money,
        deadline: end,
        stage: over ? 1 : 0,
      },
    ]
  })
}

/** The miner has said that it will stop. */
export const minerQuits: Rule = (facts) => {
  const { chain } = facts
  if (chain === null) return null
  return asUser(facts).flatMap((order): Finding[] => {
    if (order.state !== 'active' || order.noticeEndsAt === 0n) return []
    const left = Number(order.noticeEndsAt) - chain.now
    if (left <= 0) return []
    const share = (order.pledge * chain.parameters.quitShare) / BASIS
    return [
      {
        kind: 'miner-quits',
        subject: `order:${order.orderId}`,
        level: left <= 3 * DAY ? 'error' : 'warning',
        message: `The miner of order ${order.orderId} stops in ${span(left)}.`,
        cause: `It gave notice: what is not earned comes back, and ${tokens(share)} of its pledge go to you.`,
        hint: 'Back the source up to another miner before then.',
        href: '/market',
        action: 'Find another miner',
        money: null,
        deadline: Number(order.noticeEndsAt),
        stage: 0,
      },
    ]
  })
}

/** What challenges are paid from runs out: without it nobody can make the miner prove anything on chain. */
export const reserveLow: Rule = (facts) => {
  const { settings } = facts
  return asUser(facts).flatMap((order): Finding[] => {
    if (order.state !== 'active' || order.bond === 0n) return []
    const left = Number(order.reserve / order.bond)
    if (left >= settings.challengesLeft) return []
    return [
      {
        kind: 'reserve-low',
        subject: `order:${order.orderId}`,
        level: left === 0 ? 'warning' : 'info',
        message:
          left === 0
            ? `The reserve of order ${order.orderId} is empty.`
            : `The reserve of order ${order.orderId} pays for ${left} more ${left === 1 ? 'challenge' : 'challenges'}.`,
        cause: `A challenge on chain puts ${tokens(order.bond)} at stake, from this reserve. It has ${tokens(order.reserve)}.`,
        hint: 'Top the reserve up; what is not needed comes back at the end.',
        href: orderHref(order.orderId, 'user'),
        action: 'Top up',
        money: null,
        deadline: null,
        stage: left === 0 ? 1 : 0,
      },
    ]
  })
}
