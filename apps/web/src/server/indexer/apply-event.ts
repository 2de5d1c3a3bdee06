import type { MarketEvent } from '@dmc/core/chain/decode-log'
import type { MarketParameters } from '@dmc/core/market/parameters'
import type { EventRow, PaymentRow } from '@dmc/db/market/rows'
import { endpointRow, operatorRow } from './account-rows.ts'
import { toEventRow } from './event-row.ts'
import { foldBill } from './fold-bill.ts'
import { foldChallenges } from './fold-challenges.ts'
import { foldOrder } from './fold-order.ts'
import { paymentsOf } from './payments-of.ts'
import { endpointKey, operatorKey, type WorkingSet } from './working-set.ts'

/**
 * Applies one event to the rows that it is about, in the working set.
 * @returns the event's own row and what it moved
 */
export function applyEvent(
  set: WorkingSet,
  event: MarketEvent,
  at: { timestamp: bigint; parameters: MarketParameters },
): { event: EventRow; payments: PaymentRow[] } {
  const { args } = event
  const orderId = 'orderId' in args ? args.orderId : null
  const orderBefore = orderId === null ? null : (set.orders.get(orderId) ?? null)
  const named = 'billId' in args && args.billId !== 0n ? args.billId : null
  const billId = named ?? orderBefore?.billId ?? null
  const billBefore = billId === null ? null : (set.bills.get(billId) ?? null)

  const payments = paymentsOf(event, { ...at, bill: billBefore, order: orderBefore })
  if (orderId !== null) {
    const order = foldOrder(orderBefore, event, at)
    set.orders.set(orderId, order)
    const challenges = set.challenges.get(orderId) ?? []
    set.challenges.set(orderId, foldChallenges(challenges, event, { ...at, order }))
  }
  if (billId !== null && event.name !== 'EndpointSet') {
    const orderCapacity = orderBefore?.capacity ?? 0n
    set.bills.set(billId, foldBill(billBefore, event, { ...at, orderCapacity }))
  }
  if (event.name === 'EndpointSet') {
    const row = endpointRow(event)
    set.endpoints.set(endpointKey(row.miner, row.billId), row)
  }
  if (event.name === 'OperatorSet') {
    const key = operatorKey(event.args.owner, event.args.operator)
    set.operators.set(key, operatorRow(event, set.operators.get(key)?.gasFloat ?? 0n))
  }
  const order = orderId === null ? null : (set.orders.get(orderId) ?? null)
  const bill = billId === null ? null : (set.bills.get(billId) ?? null)
  const subject = {
    billId,
    orderId,
    user: order?.user ?? accountOf(event),
    miner: order?.miner ?? bill?.miner ?? (event.name === 'EndpointSet' ? event.args.miner : null),
  }
  return { event: toEventRow(event, at.timestamp, subject), payments }
}

function accountOf(event: MarketEvent): string | null {
  if (event.name === 'OperatorSet') return event.args.owner
  return event.name === 'Withdrawn' ? event.args.account : null
}
