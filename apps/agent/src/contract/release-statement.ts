import type { OrderStore } from '../sector/types.ts'
import type { ContractContext } from './context.ts'
import { findContract, setContract } from './contract-rows.ts'
import { sameCommitment } from './same-commitment.ts'

/**
 * Called before another append session may drop sealed leaves (docs/decisions/0001): while our statement of them could
 * still meet the user's, the Market could put them in force without our having them. Withdraws the statement and waits
 * until that is confirmed; when the agreement came first, the sealed commitment is put in force instead.
 */
export async function releaseStatement(context: ContractContext, store: OrderStore): Promise<void> {
  const { orderId, sealed } = store
  const contract = findContract(context.store, orderId, 'miner')
  if (sealed === null || contract === null || contract.stated === null) return
  await context.acts.withdrawPrepare(orderId, 'miner')
  const order = await context.reader.order(orderId)
  if (sameCommitment(order.commitment, sealed)) await store.committed(sealed)
  setContract(context.store, orderId, 'miner', { stated: null })
  context.journal.add({
    level: 'warning',
    event: 'statement-withdrawn',
    subject: `order:${orderId}`,
    message: `The user of order ${orderId} starts over; our statement of ${sealed.size} bytes is withdrawn on chain.`,
  })
}
