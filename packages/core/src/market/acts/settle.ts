import { earned } from '../earned.ts'
import { BASIS } from '../parameters.ts'
import { weekPrice } from '../week-price.ts'
import type { OrderActInput } from './act.ts'

export interface Settlement {
  /** Of the escrow, to the miner: earned up to the end and not claimed before. */
  due: bigint
  /** Of the escrow, back to the user. */
  unearned: bigint
  /** Of the pledge, to the user: only after a notice. */
  share: bigint
  toUser: bigint
  toMiner: bigint
}

/** What an order pays that ends at `endedAt` (unix seconds), to the wei; `quit`: by the miner's notice. */
export function settlement(
  { order, parameters }: Pick<OrderActInput, 'order' | 'parameters'>,
  endedAt: bigint,
  quit: boolean,
): Settlement {
  const total = earned(order, endedAt, parameters.week)
  const due = total - order.claimed
  const unearned = weekPrice(order.price, order.capacity) * BigInt(order.weeks) - total
  const share = quit ? (order.pledge * parameters.quitShare) / BASIS : 0n
  return {
    due,
    unearned,
    share,
    toUser: unearned + order.reserve + share,
    toMiner: due + order.pledge - share,
  }
}

/** The last second of an active order's weeks, whatever notice was given. */
export function termEndsAt({ order, parameters }: Pick<OrderActInput, 'order' | 'parameters'>): bigint {
  return order.start + BigInt(order.weeks) * parameters.week
}

/** It ends at its notice, not with its weeks. */
export function endsByNotice(input: Pick<OrderActInput, 'order' | 'parameters'>): boolean {
  return input.order.endsAt !== termEndsAt(input)
}
