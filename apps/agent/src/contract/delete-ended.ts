import { FINAL_ORDER_STATES } from '@dmc/core/market/states'
import type { ContractContext } from './context.ts'
import { type ContractRow, listContracts, setContract } from './contract-rows.ts'

/** An order that was never active holds nothing that anybody relies on: only a short look at the chain's mind. */
const NEVER_ACTIVE_MS = 60_000

/**
 * Deletes the data of orders whose final state was seen confirmed at least `graceMs` ago. Asks the chain once more: only a
 * final state that the chain itself states now counts, never an absence from an answer or another chain's word. An order that was refused or
 * cancelled before it was active gives its space back after a minute, since its bill offers it again at once.
 */
export async function deleteEnded(context: ContractContext, graceMs: number): Promise<bigint[]> {
  const deleted: bigint[] = []
  let failure: unknown = null
  for (const contract of listContracts(context.store, 'miner')) {
    try {
      if (await deleteOne(context, contract, graceMs)) deleted.push(contract.orderId)
    } catch (error) {
      // one disk that is not mounted must not keep the space of all others
      failure ??= error
    }
  }
  if (failure !== null) throw failure
  return deleted
}

async function deleteOne(context: ContractContext, contract: ContractRow, graceMs: number): Promise<boolean> {
  const { orderId, state, finalAt } = contract
  if (state !== 'closed' || finalAt === null) return false
  const age = Date.now() - finalAt
  if (age < Math.min(graceMs, NEVER_ACTIVE_MS)) return false
  const order = await context.reader.order(orderId)
  if (!FINAL_ORDER_STATES.includes(order.state)) {
    // a reorg took the end back
    setContract(context.store, orderId, 'miner', { state: 'delivering', finalAt: null })
    return false
  }
  if (age < graceMs && order.commitment !== null) return false
  // an RPC whose other end was exchanged meanwhile may have an ended order of the same number
  await context.checkMarket()
  const held = (await context.sectors.open(orderId)) !== null
  if (held) {
    await context.sectors.deleteOrder(orderId)
    context.journal.add({
      event: 'order-data-deleted',
      subject: `order:${orderId}`,
      message: `The data of ${order.state} order ${orderId} is deleted after its grace period; the space is free again.`,
    })
  }
  // nothing is left to look after: it is not asked about again
  setContract(context.store, orderId, 'miner', { finalAt: null })
  return held
}
