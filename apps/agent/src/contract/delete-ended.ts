import { FINAL_ORDER_STATES } from '@dmc/core/market/states'
import type { ContractContext } from './context.ts'
import { listContracts, setContract } from './contract-rows.ts'

/**
 * Deletes the data of orders whose final state was seen confirmed at least `graceMs` ago. Asks the chain once more: only a
 * final state that the chain itself states now counts, never an absence from an answer.
 */
export async function deleteEnded(context: ContractContext, graceMs: number): Promise<bigint[]> {
  const deleted: bigint[] = []
  for (const contract of listContracts(context.store, 'miner')) {
    if (contract.state !== 'closed' || contract.finalAt === null || Date.now() - contract.finalAt < graceMs)
      continue
    const order = await context.reader.order(contract.orderId)
    if (!FINAL_ORDER_STATES.includes(order.state)) {
      // a reorg took the end back
      setContract(context.store, contract.orderId, 'miner', { state: 'delivering', finalAt: null })
      continue
    }
    if (!(await context.sectors.open(contract.orderId))) continue
    await context.sectors.deleteOrder(contract.orderId)
    deleted.push(contract.orderId)
    context.journal.add({
      event: 'order-data-deleted',
      subject: `order:${contract.orderId}`,
      message: `The data of ${order.state} order ${contract.orderId} is deleted after its grace period; the space is free again.`,
    })
  }
  return deleted
}
