import type { Address } from 'viem'
import { formatDuration } from '../units/format-duration.ts'
import { formatTime } from '../units/format-time.ts'
import { formatTokens } from '../units/format-tokens.ts'
import type { OrderState } from './states.ts'

/** Something that a person should do before it is too late, and how. */
export interface Notice {
  level: 'warning' | 'error'
  message: string
  hint: string
}

export interface NoticesInput {
  /** Chain time, unix seconds. */
  now: bigint
  orders: readonly NoticedOrder[]
  /** The key that acts for the wallet; null: it is not known what it has. */
  operator: { address: Address; gasWei: bigint } | null
}

export interface NoticedOrder {
  orderId: bigint
  role: 'user' | 'miner'
  state: OrderState
  /** Unix seconds; `noticeEndsAt` 0: no notice is given. */
  endsAt: bigint
  noticeEndsAt: bigint
  /** Token wei. */
  reserve: bigint
  bond: bigint
}

const DAY = 86_400n
/** An order that ends is told of so long before, and more loudly when it is near. */
const END_SOON = 14n * DAY
const END_NEAR = 3n * DAY
/** Agents settle by themselves within hours; after this they don't. */
const UNSETTLED = DAY
/** A prepare or an answer, at a price that is seldom passed. */
const ACT_WEI = 120_000n * 2_000_000_000n
const FEW_ACTS = 20n

/** What is about to end, to run dry or to be forgotten: orders by their end, the most urgent first, then reserves, then gas. */
export function noticesFor({ now, orders, operator }: NoticesInput): Notice[] {
  const active = orders.filter(({ state }) => state === 'active')
  const byEnd = [...active].sort((a, b) => (a.endsAt < b.endsAt ? -1 : a.endsAt > b.endsAt ? 1 : 0))
  const found = byEnd.flatMap((order) => endOf(order, now) ?? [])
  found.push(...active.flatMap((order) => reserveOf(order, now) ?? []))
  const acts = operator === null ? FEW_ACTS : operator.gasWei / ACT_WEI
  if (operator !== null && active.length > 0 && acts < FEW_ACTS) {
    found.push({
      level: acts === 0n ? 'error' : 'warning',
      message:
        acts === 0n
          ? `The operator ${operator.address} has no gas for even one act.`
          : `The operator ${operator.address} has gas for about ${acts} more ${acts === 1n ? 'act' : 'acts'}.`,
      hint: 'Send it some of the chain’s coin, or: dmc-agent operator authorise --gas 0.05',
    })
  }
  return found
}

function endOf(order: NoticedOrder, now: bigint): Notice | null {
  const { orderId, role, endsAt, noticeEndsAt } = order
  const left = endsAt - now
  if (left < 0n) {
    if (-left <= UNSETTLED) return null
    return {
      level: 'warning',
      message: `Order ${orderId} is over since ${formatTime(endsAt)} and not settled: its money waits.`,
      hint: `dmc-agent order finish ${orderId}`,
    }
  }
  // a miner's order that runs out is nothing to worry about
  if (role === 'miner' || left > END_SOON) return null
  const quit = noticeEndsAt !== 0n && noticeEndsAt === endsAt
  return {
    level: left <= END_NEAR ? 'error' : 'warning',
    message: `Order ${orderId} ends in ${formatDuration(left)}${quit ? ', as its miner has given notice' : ''}; its data is gone then.`,
    hint: quit
      ? 'Take another bill for its source: dmc-agent order create'
      : `dmc-agent order extend ${orderId} --weeks N`,
  }
}

function reserveOf({ orderId, role, endsAt, reserve, bond }: NoticedOrder, now: bigint): Notice | null {
  if (role === 'miner' || bond === 0n || reserve >= bond || endsAt < now) return null
  return {
    level: 'warning',
    message: `The reserve of order ${orderId}, ${formatTokens(reserve)}, does not pay for one on-chain challenge, ${formatTokens(bond, { round: 'up' })}: its miner can’t be made to prove anything on chain.`,
    hint: `dmc-agent order top-up ${orderId} --challenges 3`,
  }
}
