import type { BillOnChain } from '../../chain/types.ts'
import { type Credit, credits, type OrderActInput } from './act.ts'
import { AS_CREDIT, gets, mib } from './words.ts'

/** What decides where a preparing order's capacity and pledge go. */
export type UndoBill = Pick<BillOnChain, 'cancelled' | 'expiresAt'>

export interface Undone {
  /** Escrow and reserve, to the user. */
  refund: bigint
  /** Capacity and pledge go back to the bill; else the pledge is the miner's credit. */
  returned: boolean
  credits: Credit[]
  facts: [string, string][]
}

/** A preparing order leaves no trace: all money back to the user, capacity and pledge back to a live bill. */
export function undo({ order, now }: Pick<OrderActInput, 'order' | 'now'>, bill: UndoBill): Undone {
  const refund = order.escrow + order.reserve
  const returned = !bill.cancelled && now <= bill.expiresAt
  return {
    refund,
    returned,
    credits: credits(
      { party: 'user', to: order.user, amount: refund },
      { party: 'miner', to: order.miner, amount: returned ? 0n : order.pledge },
    ),
    facts: [
      [
        'To the user',
        `${gets(refund)} ${AS_CREDIT}: ${gets(order.escrow)} of escrow, ${gets(order.reserve)} of reserve`,
      ],
      [
        'To the miner',
        returned
          ? `${mib(order.capacity)} and their pledge, back into bill ${order.billId}`
          : `${gets(order.pledge)} of pledge ${AS_CREDIT}: bill ${order.billId} takes no orders any more`,
      ],
    ],
  }
}
