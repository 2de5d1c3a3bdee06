import type { Agent } from 'node:http'
import type { Commitment, MarketReader } from '@dmc/core/chain/types'
import { DmcError } from '@dmc/core/errors/dmc-error'
import { HASH_SIZE, LEAF_SIZE, treeDepth } from '@dmc/core/merkle/constants'
import { createNodeHasher } from '@dmc/core/merkle/node-hasher'
import { verifyLeaf } from '@dmc/core/merkle/verify-leaf'
import { type Endpoint, parseEndpoint } from '@dmc/core/protocol/endpoint'
import { pause } from '../wait.ts'
import { exchange } from './exchange.ts'
import { endpointOf } from './miner-link.ts'
import { createPinnedAgent } from './pinned-agent.ts'
import { resolveHost } from './resolve-host.ts'
import { BEHIND, BEHIND_MS } from './retry-loop.ts'

const AGAIN_MS = 300

export interface FetchHeaderOptions {
  agent: Agent
  endpoint: Endpoint
  reader: MarketReader
  orderId: bigint
  signal: AbortSignal
}

/**
 * Leaf 0 of an order's volume, proven against the commitment on chain. Needs no key: recovery begins here (flow 11).
 * @throws READ_NOT_ALLOWED, PROOF_*, PEER_*
 */
export async function fetchHeader(
  options: FetchHeaderOptions,
): Promise<{ leaf: Buffer; commitment: Commitment }> {
  const { reader, orderId } = options
  const order = await reader.order(orderId)
  const { commitment } = order
  if (commitment === null) {
    throw new DmcError('READ_NOT_ALLOWED', `Order ${orderId} is not active: nothing of it can be read.`, {
      hint: 'Reading starts when both sides have agreed on the commitment on chain.',
    })
  }
  const depth = treeDepth(order.capacity)
  const { body, headers } = await exchange({
    ...options,
    method: 'GET',
    path: `/v1/orders/${orderId}/header`,
    most: LEAF_SIZE + depth * HASH_SIZE,
  })
  const named = headers['dmc-commitment']
  if (named !== undefined && named !== `${commitment.root.toLowerCase()},${commitment.size}`) {
    throw new DmcError(
      'COMMITMENT_UNKNOWN',
      `The miner of order ${orderId} answers for another commitment than the one on chain.`,
      { hint: 'One of the two nodes is behind: ask again in a moment.', retryable: true },
    )
  }
  const leaf = body.subarray(0, LEAF_SIZE)
  const path: Uint8Array[] = []
  for (let at = LEAF_SIZE; at < body.length; at += HASH_SIZE) path.push(body.subarray(at, at + HASH_SIZE))
  verifyLeaf({ hasher: createNodeHasher(), ...commitment, depth, index: 0, leaf, path })
  return { leaf, commitment }
}

/** The same from nothing but the chain: for recovery, before any key is known. @throws also ENDPOINT_* */
export async function fetchOrderHeader(
  options: Pick<FetchHeaderOptions, 'reader' | 'orderId' | 'signal'> & { allowPrivate: boolean },
): Promise<{ leaf: Buffer; commitment: Commitment }> {
  const { reader, orderId, allowPrivate } = options
  const endpoint = parseEndpoint(await endpointOf(reader, await reader.order(orderId)))
  const address = await resolveHost(endpoint, allowPrivate)
  const agent = createPinnedAgent({ endpoint, address, connections: 1 })
  const started = performance.now()
  try {
    for (;;) {
      try {
        return await fetchHeader({ ...options, agent, endpoint })
      } catch (error) {
        const behind = DmcError.is(error) && BEHIND.includes(error.code)
        if (!behind || performance.now() - started > BEHIND_MS) throw error
        await pause(AGAIN_MS, options.signal)
      }
    }
  } finally {
    agent.destroy()
  }
}
