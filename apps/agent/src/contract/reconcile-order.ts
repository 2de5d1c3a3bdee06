import type { Commitment, OrderOnChain } from '@dmc/core/chain/types'
import { DmcError } from '@dmc/core/errors/dmc-error'
import { FINAL_ORDER_STATES } from '@dmc/core/market/states'
import { crashPoint } from '../store/crash-point.ts'
import { acceptOrder, sendRefusal } from './accept-order.ts'
import type { ContractContext } from './context.ts'
import { type ContractRow, findContract, setContract } from './contract-rows.ts'
import { noteOf, withdrawnNote } from './release-statement.ts'
import { sameCommitment } from './same-commitment.ts'

/**
 * Brings one of this miner's orders to what the chain says: space reserved, sealed data prepared (flow 10), an agreed
 * commitment put in force, a final state noted. Called for each event of the order and for every open contract at
 * start, so a kill between any two steps heals by itself.
 * @throws SECTOR_DAMAGED when an active order's data is not on this host; what sector, chain and acts throw
 */
export async function reconcileOrder(context: ContractContext, order: OrderOnChain): Promise<void> {
  const { orderId } = order
  const contract = findContract(context.store, orderId, 'miner')
  if (FINAL_ORDER_STATES.includes(order.state)) {
    if (contract && contract.state !== 'closed') noteFinal(context, order)
    return
  }
  if (contract?.state === 'closed') {
    // a reorg took the end back
    setContract(context.store, orderId, 'miner', { state: 'delivering', finalAt: null })
  }
  if (order.state === 'preparing' && (await refuses(context, order, contract))) return
  const store =
    (await context.sectors.open(orderId)) ??
    (order.state === 'preparing' ? await acceptOrder(context, order) : null)
  if (!store) {
    if (order.state === 'preparing') return
    throw dataMissing(orderId)
  }
  if (order.commitment && !sameCommitment(order.commitment, store.commitment)) {
    crashPoint('miner-agreed')
    await store.committed(order.commitment)
    crashPoint('miner-committed')
    noteAgreed(context, orderId, order.commitment)
    return
  }
  const { sealed } = store
  if (sealed === null || sameCommitment(sealed, order.commitment)) {
    // the server may have put it in force, or a kill may have come before the note
    if (order.commitment && contract?.state !== 'active') noteAgreed(context, orderId, order.commitment)
    return
  }
  // flow 10: sealed and re-derived, so our side states it
  if (contract?.stated === withdrawnNote(sealed, store.session) || isStated(context, order, sealed)) return
  // noted before it is sent: sealed leaves stay while a statement of theirs may stand (docs/decisions/0001)
  setContract(context.store, orderId, 'miner', { state: 'verifying', stated: noteOf(sealed) })
  crashPoint('miner-stating')
  await context.acts.prepare(orderId, 'miner', sealed)
}

/** A statement counts only while its signer may act: one of a key that this host no longer uses is made again. */
function isStated(context: ContractContext, order: OrderOnChain, sealed: Commitment): boolean {
  const { minerPrepare, miner } = order
  if (minerPrepare === null || !sameCommitment(sealed, minerPrepare)) return false
  const signer = minerPrepare.signer.toLowerCase()
  return [miner, context.operator.address].some((key) => key.toLowerCase() === signer)
}

/** True when this side refuses the order, or has decided to: then the refusal may not have reached the chain yet. */
async function refuses(
  context: ContractContext,
  order: OrderOnChain,
  contract: ContractRow | null,
): Promise<boolean> {
  const { orderId } = order
  let reason = contract?.state === 'refused' ? contract.reason : null
  if (reason === null && contract !== null && (await isTooLate(context, order))) {
    // nothing can be agreed any more: the user has its money, and the bill its space, only when somebody says so
    reason = 'PREPARE_WINDOW_OVER: no agreement in time'
    setContract(context.store, orderId, 'miner', { state: 'refused', reason })
  }
  if (reason === null) return false
  await sendRefusal(context, orderId, reason)
  return true
}

async function isTooLate(context: ContractContext, order: OrderOnChain): Promise<boolean> {
  const [now, window] = await Promise.all([context.reader.chainTime(), context.prepareWindow()])
  return now > order.createdAt + window
}

function noteAgreed(context: ContractContext, orderId: bigint, commitment: Commitment): void {
  setContract(context.store, orderId, 'miner', { state: 'active', stated: null })
  context.journal.add({
    event: 'commitment-in-force',
    subject: `order:${orderId}`,
    message: `Both sides agree on order ${orderId}: ${commitment.size} bytes, root ${commitment.root}.`,
  })
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

const dataMissing = (orderId: bigint): DmcError =>
  new DmcError(
    'SECTOR_DAMAGED',
    `Order ${orderId} is active, but none of this host's sectors holds its data.`,
    {
      hint: 'Put the disk with its data back (dmc-agent sector add PATH --size SIZE): a challenge that is not answered costs the pledge.',
    },
  )
