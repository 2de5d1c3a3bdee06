import type { OrderOnChain } from '@dmc/core/chain/types'
import { FINAL_ORDER_STATES } from '@dmc/core/market/states'
import { crashPoint } from '../store/crash-point.ts'
import { acceptOrder } from './accept-order.ts'
import type { ContractContext } from './context.ts'
import { findContract, setContract } from './contract-rows.ts'
import { noteOf, withdrawnNote } from './release-statement.ts'
import { sameCommitment } from './same-commitment.ts'

/**
 * Brings one of this miner's orders to what the chain says: space reserved, sealed data prepared (flow 10), an agreed
 * commitment put in force, a final state noted. Called for each event of the order and for every open contract at
 * start, so a kill between any two steps heals by itself.
 */
export async function reconcileOrder(context: ContractContext, order: OrderOnChain): Promise<void> {
  const { orderId } = order
  const contract = findContract(context.store, orderId, 'miner')
  if (FINAL_ORDER_STATES.includes(order.state)) {
    if (contract && contract.state !== 'closed') noteFinal(context, order)
    return
  }
  if (contract?.state === 'refused') {
    // the refusal was decided but may not have reached the chain
    await context.acts.refuse(orderId, contract.reason)
    return
  }
  const store = (await context.sectors.open(orderId)) ?? (await acceptOrder(context, order))
  if (!store) return
  if (order.commitment && !sameCommitment(order.commitment, store.commitment)) {
    crashPoint('miner-agreed')
    await store.committed(order.commitment)
    crashPoint('miner-committed')
    setContract(context.store, orderId, 'miner', { state: 'active', stated: null })
    context.journal.add({
      event: 'commitment-in-force',
      subject: `order:${orderId}`,
      message: `Both sides agree on order ${orderId}: ${order.commitment.size} bytes, root ${order.commitment.root}.`,
    })
    return
  }
  // flow 10: sealed and re-derived from the disk, so our side states it
  const { sealed } = store
  if (sealed === null || sameCommitment(sealed, order.commitment)) return
  if (contract?.stated === withdrawnNote(sealed) || sameCommitment(sealed, order.minerPrepare)) return
  // noted before it is sent: sealed leaves stay while a statement of theirs may stand (docs/decisions/0001)
  setContract(context.store, orderId, 'miner', { state: 'verifying', stated: noteOf(sealed) })
  crashPoint('miner-stating')
  await context.acts.prepare(orderId, 'miner', sealed)
}

/** Data is deleted only after this confirmed final state plus a grace period (`delete-ended.ts`). */
function noteFinal(context: ContractContext, order: OrderOnChain): void {
  setContract(context.store, order.orderId, 'miner', { state: 'closed', finalAt: Date.now() })
  context.journal.add({
    event: 'order-final',
    subject: `order:${order.orderId}`,
    message: `Order ${order.orderId} is ${order.state}; its data is kept for the grace period, then deleted.`,
  })
}
