import type { Commitment, OrderOnChain } from '@dmc/core/chain/types'
import { DmcError } from '@dmc/core/errors/dmc-error'
import { treeDepth } from '@dmc/core/merkle/constants'
import { createNodeHasher } from '@dmc/core/merkle/node-hasher'
import { verifyLeaf } from '@dmc/core/merkle/verify-leaf'

/** Whatever can prove leaves of an order: its sector's store, or a watcher's copy. */
export interface ProofSource {
  leafProof(index: number, commitment: Commitment): Promise<{ leaf: Uint8Array; path: Uint8Array[] }>
}

/**
 * flow 14: the leaf that a challenge asks for and its path, checked against the chain's commitment as the Market will.
 * @throws SECTOR_DAMAGED when it does not lead to the commitment, and what the source throws
 */
export async function buildAnswer(
  source: ProofSource,
  order: Pick<OrderOnChain, 'orderId' | 'capacity' | 'commitment'>,
  leafIndex: bigint,
): Promise<{ leaf: Uint8Array; path: Uint8Array[] }> {
  const { orderId, commitment } = order
  if (commitment === null) {
    throw new DmcError('BUG', `Order ${orderId} is challenged and has no commitment.`, {
      hint: 'Report this.',
    })
  }
  const proof = await source.leafProof(Number(leafIndex), commitment)
  try {
    verifyLeaf({
      hasher: createNodeHasher(),
      ...commitment,
      depth: treeDepth(order.capacity),
      index: leafIndex,
      ...proof,
    })
  } catch (cause) {
    throw new DmcError(
      'SECTOR_DAMAGED',
      `Leaf ${leafIndex} of order ${orderId} as it is on the disk does not lead to the commitment in force.`,
      {
        hint: 'Check the disk, or put a copy of its data in place: it is tried again until the deadline.',
        cause,
      },
    )
  }
  return proof
}
