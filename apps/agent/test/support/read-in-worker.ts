import { createHash } from 'node:crypto'
import { parentPort, workerData } from 'node:worker_threads'
import type { OrderOnChain } from '@dmc/core/chain/types'
import type { Hex } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { connectMiner } from '../../src/contract/wire/miner-client.ts'
import { openVerifiedReader } from '../../src/contract/wire/verified-reader.ts'
import { createMemoryMarket } from './memory-market.ts'

/** A restore in a worker thread: its own client, its own hashing; answers with the hash of the whole volume. */
const { order, endpoint, key, volumeId } = workerData as {
  order: OrderOnChain
  endpoint: string
  key: Hex
  volumeId: string
}
const market = createMemoryMarket()
market.orders.set(order.orderId, order)
market.endpoints.set(order.billId, endpoint)
const { commitment } = order
if (!commitment) throw new Error('the order is not active')
const client = await connectMiner({
  endpoint: null,
  reader: market,
  orderId: order.orderId,
  role: 'user',
  signer: privateKeyToAccount(key),
  allowPrivate: true,
  signal: new AbortController().signal,
})
const reader = openVerifiedReader({ volumes: [{ volumeId, client, commitment }] })
const hash = createHash('sha256')
const size = Number(commitment.size)
for (let at = 0; at < size; at += 700_001)
  hash.update(await reader.read(volumeId, at, Math.min(700_001, size - at)))
reader.close()
await client.close()
parentPort?.postMessage(hash.digest('hex'))
