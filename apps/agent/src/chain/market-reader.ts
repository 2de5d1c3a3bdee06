import { reading } from '@dmc/core/chain/chain-error'
import { readBill } from '@dmc/core/chain/read-bill'
import { readEndpoint } from '@dmc/core/chain/read-endpoint'
import { readOperator } from '@dmc/core/chain/read-operator'
import { readOrder } from '@dmc/core/chain/read-order'
import type { MarketReader } from '@dmc/core/chain/types'
import type { Address } from 'viem'
import type { RpcClient } from './rpc-client.ts'

export interface CachingMarketReader extends MarketReader {
  /** After a reorg: the same block number is another block. */
  forget(): void
}

/**
 * The Market at the confirmed head. What was read is kept while that head is the same, so that services may ask as often as they
 * like; a failed read is not kept.
 */
export function createMarketReader(rpc: RpcClient, market: Address): CachingMarketReader {
  let cachedAt = -1n
  let cache = new Map<string, Promise<unknown>>()

  async function read<T>(key: string, work: (blockNumber: bigint) => Promise<T>): Promise<T> {
    const blockNumber = await rpc.confirmedHead()
    if (blockNumber !== cachedAt) {
      cachedAt = blockNumber
      cache = new Map()
    }
    const known = cache.get(key)
    if (known !== undefined) return known as Promise<T>
    const place = cache
    const pending = work(blockNumber)
    place.set(key, pending)
    pending.catch(() => place.delete(key))
    return pending
  }
  const { client } = rpc
  return {
    chainId: rpc.chainId,
    market,
    forget() {
      cache = new Map()
    },
    order: (orderId) =>
      read(`order ${orderId}`, (blockNumber) => readOrder(client, { market, orderId, blockNumber })),
    bill: (billId) =>
      read(`bill ${billId}`, (blockNumber) => readBill(client, { market, billId, blockNumber })),
    operator: (owner, operator) =>
      read(`operator ${owner} ${operator}`, (blockNumber) =>
        readOperator(client, { market, owner, operator, blockNumber }),
      ),
    endpoint: (billId) =>
      read(`endpoint ${billId}`, (blockNumber) => readEndpoint(client, { market, billId, blockNumber })),
    chainTime: () =>
      reading('the newest block', async () => (await client.getBlock({ blockTag: 'latest' })).timestamp),
  }
}
