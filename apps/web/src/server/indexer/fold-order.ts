import type { MarketEvent } from '@dmc/core/chain/decode-log'
import { BASIS, type MarketParameters } from '@dmc/core/market/parameters'
import type { OrderRow } from '@dmc/db/market/rows'
import { storable } from './event-row.ts'
import { MissingRow } from './missing-row.ts'
import { newOrder } from './new-order.ts'

const USER = 0n

/**
 * An order after one more of its events, equal to what `getOrder` answers after it (Market.sol, parts/Views).
 * @throws MissingRow
 */
export function foldOrder(
  before: OrderRow | null,
  event: MarketEvent,
  { timestamp, parameters }: { timestamp: bigint; parameters: MarketParameters },
): OrderRow {
  if (event.name === 'OrderCreated') return newOrder(event, timestamp)
  if (before === null) {
    throw new MissingRow(event)
  }
  const order: OrderRow = { ...before, blockNumber: event.blockNumber }
  switch (event.name) {
    case 'Prepared': {
      const { root, size, signer, side } = event.args
      const stated = size === 0n ? { root: null, size: null, signer: null } : { root, size, signer }
      return side === USER
        ? { ...order, ...statement('user', stated), userPreparedBlock: event.blockNumber }
        : { ...order, ...statement('miner', stated), minerPreparedBlock: event.blockNumber }
    }
    case 'OrderActivated': {
      const { root, size, start, endsAt } = event.args
      return { ...agreed(order, root, size), state: 'active', start, endsAt, termEndsAt: endsAt }
    }
    case 'CommitmentReplaced':
      return agreed(order, event.args.root, event.args.size)
    case 'OrderRefused':
      return {
        ...closed(order, 'refused', timestamp, event.args.refund),
        refuseReason: storable(event.args.reason),
      }
    case 'OrderCancelled':
      return closed(order, 'cancelled', timestamp, event.args.refund)
    case 'OrderExtended': {
      const { weeks, endsAt, cost } = event.args
      return withEnd({
        ...order,
        weeks: Number(weeks),
        termEndsAt: endsAt,
        escrow: order.escrow + cost,
        putIn: order.putIn + cost,
      })
    }
    case 'OrderShortened': {
      const { weeks, endsAt, refund } = event.args
      return withEnd({
        ...order,
        weeks: Number(weeks),
        termEndsAt: endsAt,
        escrow: order.escrow - refund,
        refunded: order.refunded + refund,
      })
    }
    case 'ReserveToppedUp': {
      const { amount } = event.args
      return { ...order, reserve: order.reserve + amount, putIn: order.putIn + amount }
    }
    case 'ChallengeOpened': {
      const { leafIndex, deadline, bond } = event.args
      return {
        ...order,
        reserve: order.reserve - bond,
        challengeLeaf: leafIndex,
        challengeDeadline: deadline,
        challengeBond: bond,
        nextChallengeAt: 0n,
      }
    }
    case 'ChallengeAnswered':
      return {
        ...withoutChallenge(order),
        nextChallengeAt: timestamp + parameters.cooldown,
        bondsWon: order.bondsWon + event.args.bond,
      }
    case 'OrderSlashed': {
      const { toUser, reward, burned } = event.args
      const compensation = (order.pledge * parameters.userShare) / BASIS
      return {
        ...closed(order, 'slashed', timestamp, toUser - compensation),
        compensation: order.compensation + compensation,
        reward,
        burned,
      }
    }
    case 'Claimed': {
      const { amount } = event.args
      return {
        ...order,
        claimed: order.claimed + amount,
        escrow: order.escrow - amount,
        paid: order.paid + amount,
      }
    }
    case 'EndStated': {
      const { side, validUntil } = event.args
      return side === USER
        ? { ...order, endStatedByUser: validUntil }
        : { ...order, endStatedByMiner: validUntil }
    }
    case 'EndCleared':
      return { ...order, endStatedByUser: 0n, endStatedByMiner: 0n }
    case 'NoticeStarted':
      return withEnd({ ...order, noticeEndsAt: event.args.noticeEndsAt })
    case 'OrderEnded': {
      const { ending, toUser, toMiner } = event.args
      const share = ending === NOTICE ? (order.pledge * parameters.quitShare) / BASIS : 0n
      return {
        ...closed(order, 'ended', timestamp, toUser - share),
        ending,
        compensation: order.compensation + share,
        paid: order.paid + toMiner - (order.pledge - share),
      }
    }
    default:
      return before
  }
}

/** The Market's Ending.Notice: only then the user gets a share of the pledge. */
const NOTICE = 1

const statement = (
  side: 'user' | 'miner',
  { root, size, signer }: { root: string | null; size: bigint | null; signer: string | null },
): Partial<OrderRow> =>
  side === 'user'
    ? { userRoot: root, userSize: size, userSigner: signer }
    : { minerRoot: root, minerSize: size, minerSigner: signer }

const nothing = { root: null, size: null, signer: null }

/** Agreement uses both statements up: they are the commitment now. */
const agreed = (order: OrderRow, root: string, size: bigint): OrderRow => ({
  ...order,
  root,
  size,
  ...statement('user', nothing),
  ...statement('miner', nothing),
})

const withoutChallenge = (order: OrderRow): OrderRow => ({
  ...order,
  challengeLeaf: null,
  challengeDeadline: null,
  challengeBond: null,
})

const withEnd = (order: OrderRow): OrderRow => ({
  ...order,
  endsAt:
    order.noticeEndsAt !== 0n && order.noticeEndsAt < order.termEndsAt
      ? order.noticeEndsAt
      : order.termEndsAt,
})

/** In a final state nothing is locked, stated or asked any more. */
const closed = (order: OrderRow, state: OrderRow['state'], timestamp: bigint, refund: bigint): OrderRow => ({
  ...withoutChallenge(order),
  ...statement('user', nothing),
  ...statement('miner', nothing),
  state,
  escrow: 0n,
  pledge: 0n,
  reserve: 0n,
  endStatedByUser: 0n,
  endStatedByMiner: 0n,
  nextChallengeAt: 0n,
  refunded: order.refunded + refund,
  closedAt: timestamp,
})
