import type { Commitment } from '@dmc/core/chain/types'
import type { ContractContext } from './context.ts'
import { findContract, setContract } from './contract-rows.ts'
import { sameCommitment } from './same-commitment.ts'

/** How a commitment is noted in a contract's row. */
export const noteOf = ({ root, size }: Commitment): string => `${root.toLowerCase()} ${size}`

/**
 * A commitment whose statement we took back: it is never stated again for the session that sealed it, whose leaves may be
 * gone at any moment. Another session may seal the same bytes.
 */
export const withdrawnNote = (commitment: Commitment, session: string | null): string =>
  `withdrawn ${session ?? '-'} ${noteOf(commitment)}`

/**
 * Called before another append session may drop sealed leaves (docs/decisions/0001): while our statement of them could
 * still meet the user's, the Market could put them in force without our having them. Asks the chain itself, never only
 * our note of it, withdraws what stands and waits until that is confirmed. Must run in the order's queue.
 * @returns true when the leaves may go; false when the agreement came first.
 */
export async function releaseStatement(
  context: ContractContext,
  orderId: bigint,
  sealed: Commitment,
): Promise<boolean> {
  const contract = findContract(context.store, orderId, 'miner')
  if (contract === null) return false
  const session = (await context.sectors.open(orderId))?.session ?? null
  const order = await context.acts.withdrawPrepare(orderId, 'miner')
  if (sameCommitment(order.commitment, sealed)) return false
  if (contract.stated === noteOf(sealed)) {
    context.journal.add({
      level: 'warning',
      event: 'statement-withdrawn',
      subject: `order:${orderId}`,
      message: `The user of order ${orderId} starts over; our statement of ${sealed.size} bytes no longer stands on chain.`,
    })
  }
  // noted in the queue, so that nothing states it again while its leaves go
  setContract(context.store, orderId, 'miner', {
    stated: withdrawnNote(sealed, session),
    state: order.commitment === null ? 'delivering' : 'active',
  })
  return true
}
