import type { OrderOnChain } from '@dmc/core/chain/types'
import { claimable } from '@dmc/core/market/earned'
import type { OrderRow } from './rows.ts'

/** An order as the Market's views tell it, and what the events tell beyond. Money in token wei, times in unix seconds. */
export type MarketOrder = Omit<OrderOnChain, 'previousOfUser'> & {
  /** What the user put in so far, what of it came back, and what it got of the miner's pledge. */
  putIn: bigint
  refunded: bigint
  compensation: bigint
  /** What the miner was paid for keeping data, and the bonds that it won. */
  paid: bigint
  bondsWon: bigint
  /** Of a slashed pledge. */
  reward: bigint
  burned: bigint
  refuseReason: string | null
  ending: 'term' | 'notice' | 'consent' | null
  closedAt: bigint | null
  /** Block of each side's newest statement, agreed on or not. */
  userPreparedBlock: bigint | null
  minerPreparedBlock: bigint | null
  createdBlock: bigint
  /** Block of the newest event about it. */
  blockNumber: bigint
}

/** The chain's time and the length of its week: what `claimable` depends on. */
export interface ChainClock {
  headTime: bigint
  week: bigint
}

type Address = OrderOnChain['user']
type Hex = NonNullable<OrderOnChain['commitment']>['root']

const ENDINGS = ['term', 'notice', 'consent'] as const

/** `clock` null: the chain was not read yet, nothing is claimable. */
export function toMarketOrder(row: OrderRow, clock: ChainClock | null): MarketOrder {
  const earning = row.state === 'active' && row.challengeLeaf === null
  return {
    orderId: row.orderId,
    billId: row.billId,
    user: row.user as Address,
    miner: row.miner as Address,
    state: row.state,
    capacity: row.capacity,
    weeks: row.weeks,
    price: row.price,
    pledgeRate: row.pledgeRate,
    bond: row.bond,
    createdAt: row.createdAt,
    start: row.start,
    endsAt: row.endsAt,
    escrow: row.escrow,
    reserve: row.reserve,
    pledge: row.pledge,
    claimed: row.claimed,
    claimable: earning && clock !== null ? claimable(row, clock.headTime, clock.week) : 0n,
    noticeEndsAt: row.noticeEndsAt,
    endStatedByUser: row.endStatedByUser,
    endStatedByMiner: row.endStatedByMiner,
    nextChallengeAt: row.nextChallengeAt,
    challenge:
      row.challengeLeaf === null || row.challengeDeadline === null || row.challengeBond === null
        ? null
        : { leafIndex: row.challengeLeaf, deadline: row.challengeDeadline, bond: row.challengeBond },
    commitment: row.root === null || row.size === null ? null : { root: row.root as Hex, size: row.size },
    userPrepare: toPrepare(row.userRoot, row.userSize, row.userSigner),
    minerPrepare: toPrepare(row.minerRoot, row.minerSize, row.minerSigner),
    putIn: row.putIn,
    refunded: row.refunded,
    compensation: row.compensation,
    paid: row.paid,
    bondsWon: row.bondsWon,
    reward: row.reward,
    burned: row.burned,
    refuseReason: row.refuseReason,
    ending: row.ending === null ? null : (ENDINGS[row.ending] ?? null),
    closedAt: row.closedAt,
    userPreparedBlock: row.userPreparedBlock,
    minerPreparedBlock: row.minerPreparedBlock,
    createdBlock: row.createdBlock,
    blockNumber: row.blockNumber,
  }
}

const toPrepare = (root: string | null, size: bigint | null, signer: string | null) =>
  root === null || size === null || signer === null
    ? null
    : { root: root as Hex, size, signer: signer as Address }
