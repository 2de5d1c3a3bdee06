import { BASIS } from '@dmc/core/market/parameters'
import type { MarketOrder } from '../facts.ts'
import { type Finding, orderHref, type Rule, span, tokens } from '../finding.ts'

/** Somebody asks the miner on chain: it must show one leaf before the deadline, or its pledge is gone. */
export const challengeOpen: Rule = ({ chain, orders, owner }) => {
  if (chain === null) return null
  const window = Number(chain.parameters.answerWindow)
  return orders.flatMap((order): Finding[] => {
    const { challenge } = order
    if (order.state !== 'active' || challenge === null) return []
    const left = Number(challenge.deadline) - chain.now
    if (left < 0) return []
    const miner = order.miner === owner
    const common = {
      kind: 'challenge-open' as const,
      subject: `order:${order.orderId}`,
      href: orderHref(order.orderId, miner ? 'miner' : 'user'),
      deadline: Number(challenge.deadline),
      // a quarter of the time is worth being told again
      stage: left <= window / 4 ? 2 : left <= window / 2 ? 1 : 0,
    }
    return [
      miner
        ? {
            ...common,
            level: left <= window / 2 ? 'error' : 'warning',
            message: `Order ${order.orderId} is challenged: answer within ${span(left)}.`,
            cause: `Leaf ${challenge.leafIndex} must be shown on chain, or the pledge of ${tokens(order.pledge)} can be slashed.`,
            hint: 'Your host answers by itself when it runs, has the data and has gas: see that it does.',
            action: 'See the challenge',
            money: order.pledge,
          }
        : {
            ...common,
            level: 'info',
            message: `Order ${order.orderId} is challenged on chain, ${span(left)} are left.`,
            cause: `The miner must show leaf ${challenge.leafIndex}; a bond of ${tokens(challenge.bond)} is at stake.`,
            hint: 'Nothing is to be done until the deadline.',
            action: 'See the challenge',
            money: challenge.bond,
          },
    ]
  })
}

/** The deadline has passed without an answer: whoever calls slash first earns the reward. */
export const challengeMissed: Rule = ({ chain, orders, owner }) => {
  if (chain === null) return null
  const { userShare } = chain.parameters
  return orders.flatMap((order): Finding[] => {
    const { challenge } = order
    if (order.state !== 'active' || challenge === null) return []
    const late = chain.now - Number(challenge.deadline)
    if (late <= 0) return []
    const user = order.user === owner
    const share = (order.pledge * userShare) / BASIS
    return [
      {
        kind: 'challenge-missed',
        subject: `order:${order.orderId}`,
        level: 'error',
        message: user
          ? `The miner of order ${order.orderId} did not answer in time.`
          : `Order ${order.orderId}: the challenge was not answered in time.`,
        cause: user
          ? `Leaf ${challenge.leafIndex} was not shown, ${span(late)} after the deadline. A slash gives you ${tokens(share)} of the pledge, and what is not earned.`
          : `The deadline passed ${span(late)} ago; anyone can slash the pledge of ${tokens(order.pledge)} now.`,
        hint: user
          ? 'Slash it, and back the source up to another miner.'
          : 'It is too late to answer. See why the host did not, before another order is challenged.',
        href: orderHref(order.orderId, user ? 'user' : 'miner'),
        action: user ? 'Slash' : 'See the challenge',
        money: user ? share : order.pledge,
        deadline: null,
        stage: 0,
      },
    ]
  })
}

/** It has happened; told for two weeks. */
export const orderSlashed: Rule = ({ orders, owner }) =>
  orders.filter((order) => order.state === 'slashed').map((order) => slashed(order, order.user === owner))

const slashed = (order: MarketOrder, user: boolean): Finding => ({
  kind: 'order-slashed',
  subject: `order:${order.orderId}`,
  level: 'error',
  message: user
    ? `The miner of order ${order.orderId} lost its pledge: it could not show your data.`
    : `The pledge of order ${order.orderId} was slashed.`,
  cause: user
    ? `You were given ${tokens(order.compensation)} of the pledge, and ${tokens(order.refunded)} back.`
    : 'A challenge on chain was not answered before its deadline.',
  hint: user
    ? 'Back the source up to another miner; withdraw what you were given.'
    : 'Find out why the host did not answer before you offer space again.',
  href: orderHref(order.orderId, user ? 'user' : 'miner'),
  action: 'See the order',
  money: user ? order.compensation + order.refunded : null,
  deadline: null,
  stage: 0,
})
