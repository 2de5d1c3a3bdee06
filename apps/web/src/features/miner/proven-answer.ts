import { answerCall } from '@dmc/core/chain/acts/answer'
import type { ChainCall } from '@dmc/core/chain/acts/market-call'
import type { OrderOnChain } from '@dmc/core/chain/types'
import { DmcError } from '@dmc/core/errors/dmc-error'
import { treeDepth } from '@dmc/core/merkle/constants'
import { hashBytes } from '@dmc/core/merkle/hash-hex'
import { createPureHasher } from '@dmc/core/merkle/pure-hasher'
import { verifyLeaf } from '@dmc/core/merkle/verify-leaf'
import type { TRPCClient } from '@trpc/client'
import type { Address } from 'viem'
import { hexToBytes } from 'viem'
import type { AppRouter } from '../../server/router.ts'

/**
 * Leaf and path of an order's open challenge from the host that stores it, checked against the commitment as the Market will.
 * @throws PROOF_INVALID and its kin when the host's proof does not lead to the commitment; AGENT_OFFLINE; what the host refuses
 */
export async function provenAnswer(
  api: Pick<TRPCClient<AppRouter>, 'orders'>,
  of: {
    order: Pick<OrderOnChain, 'orderId' | 'capacity' | 'commitment'>
    leafIndex: bigint
    market: Address
  },
): Promise<ChainCall> {
  const { order, leafIndex, market } = of
  const { orderId, commitment } = order
  const proof = await api.orders.answerProof.mutate({ orderId })
  if (proof.index !== leafIndex || commitment === null) {
    throw new DmcError(
      'PROOF_INVALID',
      `The host proved leaf ${proof.index}, and leaf ${leafIndex} is asked for.`,
      {
        hint: 'The challenge may have changed just now: look again.',
      },
    )
  }
  const leaf = hexToBytes(proof.leaf as `0x${string}`)
  const path = proof.path.map((sibling) => hashBytes(sibling as `0x${string}`))
  verifyLeaf({
    hasher: createPureHasher(),
    ...commitment,
    depth: treeDepth(order.capacity),
    index: leafIndex,
    leaf,
    path,
  })
  return answerCall(market, orderId, { leaf, path })
}
