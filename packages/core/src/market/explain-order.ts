import type { BillOnChain } from '../chain/types.ts'
import { formatSize } from '../units/format-size.ts'
import { formatTime } from '../units/format-time.ts'
import { formatTokens } from '../units/format-tokens.ts'
import { MIB } from './capacity-for-source.ts'
import { orderTotal } from './order-cost.ts'
import type { MarketParameters } from './parameters.ts'
import { divideSlashedPledge, pledge } from './pledge.ts'
import { weekPrice } from './week-price.ts'

/** What a transaction may burn: gas units and the highest price of one, in wei of the chain's coin. */
export interface GasEstimate {
  units: bigint
  maxFeePerGas: bigint
}

/** The most that a transaction can cost in wei of the chain's coin. */
export function gasCost(gas: GasEstimate): bigint {
  return gas.units * gas.maxFeePerGas
}

/** Everything that a user must know before it signs an order (flow 7). Money in token wei unless it says gas. */
export interface OrderExplanation {
  billId: bigint
  miner: string
  /** MiB. */
  capacity: bigint
  weeks: number
  /** Per GiB-week. */
  price: bigint
  weekPrice: bigint
  /** What the miner earns if the order runs to its end. */
  cost: bigint
  /** Locked for `challenges` challenges; what is not used comes back. */
  reserve: bigint
  challenges: number
  bond: bigint
  /** cost + reserve: what leaves the wallet. */
  total: bigint
  /** What the miner has locked for this order, and the part that the user gets if the miner fails a challenge. */
  pledge: bigint
  pledgeForUser: bigint
  /** Ends between: it starts when both sides agree on the data, at the latest at the end of the prepare window. */
  earliestEnd: bigint
  latestEnd: bigint
  /** Until then the order can't be stuck: if it is not active, it is refunded in full. */
  refundableAfter: bigint
  /** null when it could not be estimated yet. */
  gas: GasEstimate | null
}

export function explainOrder(input: {
  bill: BillOnChain
  capacity: bigint
  weeks: number
  challenges: number
  /** Chain time, unix seconds. */
  now: bigint
  parameters: MarketParameters
  gas?: GasEstimate | null
}): OrderExplanation {
  const { bill, capacity, weeks, challenges, now, parameters } = input
  const { escrow, reserve, total } = orderTotal({
    price: bill.price,
    capacity,
    weeks,
    bond: bill.bond,
    challenges,
  })
  const locked = pledge(bill.price, capacity, bill.pledgeRate)
  const term = BigInt(weeks) * parameters.week
  return {
    billId: bill.billId,
    miner: bill.miner,
    capacity,
    weeks,
    price: bill.price,
    weekPrice: weekPrice(bill.price, capacity),
    cost: escrow,
    reserve,
    challenges,
    bond: bill.bond,
    total,
    pledge: locked,
    pledgeForUser: divideSlashedPledge(locked, parameters).user,
    earliestEnd: now + term,
    latestEnd: now + parameters.prepareWindow + term,
    refundableAfter: now + parameters.prepareWindow,
    gas: input.gas ?? null,
  }
}

/** The explanation as label and text, in the order to show; amounts to pay are rounded up, never down. */
export function describeOrder(order: OrderExplanation): [label: string, text: string][] {
  const pay = (wei: bigint) => formatTokens(wei, { round: 'up' })
  return [
    ['Bill', `${order.billId} of ${order.miner}`],
    ['Capacity', formatSize(order.capacity * MIB)],
    ['Price', `${pay(order.price)} per GiB-week, ${pay(order.weekPrice)} a week`],
    ['Term', `${order.weeks} weeks, until about ${formatTime(order.earliestEnd)}`],
    ['Cost', pay(order.cost)],
    ['Reserve', `${pay(order.reserve)} for ${order.challenges} challenges; what is not used comes back`],
    ['To pay now', pay(order.total)],
    [
      'Miner’s pledge',
      `${formatTokens(order.pledge)}; ${formatTokens(order.pledgeForUser)} of it are yours if it fails a challenge`,
    ],
    [
      'If it never starts',
      `cancel it at any time before; nobody can hold it up after ${formatTime(order.refundableAfter)}`,
    ],
    ...(order.gas === null ? [] : [describeGas(order.gas)]),
  ]
}

function describeGas(gas: GasEstimate): [label: string, text: string] {
  return ['Gas', `at most ${formatTokens(gasCost(gas), { round: 'up', symbol: 'ETH' })} (${gas.units} units)`]
}
