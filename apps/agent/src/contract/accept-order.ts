import type { OrderOnChain } from '@dmc/core/chain/types'
import type { ErrorCode } from '@dmc/core/errors/codes'
import { DmcError } from '@dmc/core/errors/dmc-error'
import { toDmcError } from '@dmc/core/errors/to-dmc-error'
import type { OrderStore } from '../sector/types.ts'
import { crashPoint } from '../store/crash-point.ts'
import type { ContractContext } from './context.ts'
import { addContract, setContract } from './contract-rows.ts'

const MEBIBYTE = 1024 * 1024

/** What the chain, and so everybody, may know of why. The journal of this host has the rest: paths and sizes stay here. */
const REASONS: Partial<Record<ErrorCode, string>> = {
  NOT_ENOUGH_SPACE: 'not enough free space',
  DISK_FULL: 'the disk is full',
  SECTOR_NOT_MOUNTED: 'the disk is not mounted',
  SECTOR_LOCKED: 'the disk is in use by another agent',
  SECTOR_DAMAGED: 'the disk is damaged',
  SECTOR_NOT_FOUND: 'the space is no longer offered',
}

/** At most 128 bytes, as the Market takes it. */
export const refusalReason = ({ code }: Pick<DmcError, 'code'>): string =>
  `${code}: ${REASONS[code] ?? 'this host cannot store it'}`

/**
 * flow 8: an incoming order on one of this host's bills. Reserves its whole capacity on the bill's sector, or refuses on
 * chain with a reason so that the user has the money back at once. The same order again is harmless.
 * @returns the order's store, or null when it was refused or is not this host's.
 * @throws retryable chain failures; INTERRUPTED when the agent stops meanwhile: that is no reason to refuse
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
    if (context.signal.aborted || error.code === 'INTERRUPTED') throw thrown
    const reason = refusalReason(error)
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
    await sendRefusal(context, order.orderId, reason)
    return null
  }
}

/** An order that is no longer preparing needs no refusal: a later look finds its end. */
export async function sendRefusal(context: ContractContext, orderId: bigint, reason: string): Promise<void> {
  try {
    await context.acts.refuse(orderId, reason)
  } catch (error) {
    if (!DmcError.is(error) || !['ORDER_STATE', 'MARKET_WRONG_STATE'].includes(error.code)) throw error
  }
}
