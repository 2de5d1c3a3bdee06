import type { MarketEvent } from '@dmc/core/chain/decode-log'
import { weekPrice } from '@dmc/core/market/week-price'
import type { BillRow } from '@dmc/db/market/rows'
import { MissingRow } from './missing-row.ts'

/** The events that change a bill's row: its own, and those of its orders that move capacity. */
export const BILL_EVENTS = [
  'BillCreated',
  'BillShrunk',
  'BillCancelled',
  'OrderCreated',
  'OrderRefused',
  'OrderCancelled',
] as const satisfies MarketEvent['name'][]

/**
 * A bill after one more event (Market.sol, parts/Bills and Orders); `orderCapacity` is that of the order that the event is about.
 * @throws MissingRow
 */
export function foldBill(
  bill: BillRow | null,
  event: MarketEvent,
  { timestamp, orderCapacity }: { timestamp: bigint; orderCapacity: bigint },
): BillRow {
  const { blockNumber } = event
  if (event.name === 'BillCreated') {
    const { args } = event
    return {
      billId: args.billId,
      miner: args.miner,
      capacity: args.capacity,
      free: args.capacity,
      step: args.step,
      price: args.price,
      pledgeRate: Number(args.pledgeRate),
      minWeeks: Number(args.minWeeks),
      maxWeeks: Number(args.maxWeeks),
      bond: args.bond,
      createdAt: timestamp,
      expiresAt: args.expiresAt,
      cancelled: false,
      pledge: args.pledge,
      orders: 0,
      createdBlock: blockNumber,
      blockNumber,
    }
  }
  if (bill === null) throw new MissingRow(event)
  const withFree = (free: bigint, more: Partial<BillRow> = {}): BillRow => ({
    ...bill,
    free,
    pledge: weekPrice(bill.price, free) * BigInt(bill.pledgeRate),
    blockNumber,
    ...more,
  })
  switch (event.name) {
    case 'BillShrunk': {
      const taken = event.args.capacity
      return withFree(event.args.free, { capacity: bill.capacity - taken })
    }
    case 'BillCancelled':
      return withFree(0n, { cancelled: true })
    case 'OrderCreated':
      return withFree(bill.free - event.args.capacity, { orders: bill.orders + 1 })
    case 'OrderRefused':
    case 'OrderCancelled':
      return event.args.capacityReturned ? withFree(bill.free + orderCapacity) : bill
    default:
      return bill
  }
}
