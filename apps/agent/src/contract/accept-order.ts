import type { OrderOnChain } from '@dmc/core/chain/types'
import { toDmcError } from '@dmc/core/errors/to-dmc-error'
import type { OrderStore } from '../sector/types.ts'
import { crashPoint } from '../store/crash-point.ts'
import type { ContractContext } from './context.ts'
import { addContract, setContract } from './contract-rows.ts'

const MEBIBYTE = 1024 * 1024
const REASON_BYTES = 128

/**
 * flow 8: an incoming order on one of this host's bills. Reserves its whole capacity on the bill's sector, or refuses on
 * chain with a reason so that the user has the money back at once. The same order again is harmless.
 * @returns the order's store, or null when it was refused or is not this host's.
 * @throws retryable chain failures
 */
export async function acceptOrder(context: ContractContext, order: OrderOnChain): Promise<OrderStore | null> {
  const sectorId = context.acts.sectorOfBill(order.billId)
  if (sectorId === null) return null
  addContract(context.store, {
    orderId: order.orderId,
    role: 'miner',
    billId: order.billId,
    capacityMib: Number(order.capacity),
    sectorId,
  })
  crashPoint('order-seen')
  try {
    const store = await context.sectors.reserve(order.orderId, sectorId, Number(order.capacity) * MEBIBYTE)
    crashPoint('order-reserved')
    setContract(context.store, order.orderId, 'miner', { state: 'delivering' })
    context.journal.add({
      event: 'order-accepted',
      subject: `order:${order.orderId}`,
      message: `Order ${order.orderId} (${order.capacity} MiB, ${order.weeks} weeks) has its space on sector ${sectorId}; waiting for the user's data.`,
    })
    return store
  } catch (thrown) {
    const error = toDmcError(thrown)
    const reason = shorten(`${error.code}: ${error.message}`)
    context.journal.add({
      level: 'error',
      event: 'order-refused',
      subject: `order:${order.orderId}`,
      message: `Order ${order.orderId} is refused: ${error.message} ${error.hint}`,
      data: { code: error.code },
    })
    // decided first, sent second: a kill in between sends the same refusal again, never reserves after all
    setContract(context.store, order.orderId, 'miner', { state: 'refused', reason })
    crashPoint('order-refusing')
    await context.acts.refuse(order.orderId, reason)
    return null
  }
}

/** The Market takes at most 128 bytes; cut at a character, never inside one. */
function shorten(text: string): string {
  let short = text
  while (Buffer.byteLength(short) > REASON_BYTES) short = short.slice(0, -1)
  return short
}
