import type { Commitment } from '@dmc/core/chain/types'
import type { Hex } from 'viem'
import type { Range } from './durable-ranges.ts'
import type { OrderRow } from './sector-journal.ts'

/** What of one order is durable: the state behind an `OrderStore`, as `sector.db` keeps it. */
export interface OrderState {
  session: string | null
  /** Sessions that were fenced since the last commitment; they stay fenced. */
  fenced: string[]
  /** Leaves that are on disk and were acknowledged or are about to be. */
  ranges: readonly Range[]
  commitment: Commitment | null
  previous: Commitment | null
  sealed: Commitment | null
}

const toText = (commitment: Commitment | null): string | null =>
  commitment === null ? null : JSON.stringify({ root: commitment.root, size: commitment.size.toString() })

const fromText = (text: string | null): Commitment | null => {
  if (text === null) return null
  const { root, size } = JSON.parse(text) as { root: Hex; size: string }
  return { root, size: BigInt(size) }
}

export function toRow(orderId: bigint, capacity: number, state: OrderState, deleting = false): OrderRow {
  return {
    orderId: orderId.toString(),
    capacity,
    session: state.session,
    fenced: JSON.stringify(state.fenced),
    ranges: JSON.stringify(state.ranges),
    commitment: toText(state.commitment),
    previous: toText(state.previous),
    sealed: toText(state.sealed),
    deleting: deleting ? 1 : 0,
  }
}

export function fromRow(row: OrderRow): OrderState {
  return {
    session: row.session,
    fenced: JSON.parse(row.fenced) as string[],
    ranges: JSON.parse(row.ranges) as Range[],
    commitment: fromText(row.commitment),
    previous: fromText(row.previous),
    sealed: fromText(row.sealed),
  }
}

export const NEW_ORDER: OrderState = {
  session: null,
  fenced: [],
  ranges: [],
  commitment: null,
  previous: null,
  sealed: null,
}
