import type { Commitment, MarketReader, OrderOnChain } from '@dmc/core/chain/types'
import { DmcError } from '@dmc/core/errors/dmc-error'
import { toDmcError } from '@dmc/core/errors/to-dmc-error'
import { toHex } from '@dmc/core/log/bytes'
import { deriveReaderKey } from '@dmc/core/log/derive-keys'
import { decodeHeader, unlockHeader } from '@dmc/core/log/header-leaf'
import { nodeLogCrypto as crypto } from '@dmc/core/log/node-log-crypto'
import { privateKeyToAccount } from 'viem/accounts'
import { groupBySource, type OpenedCatalog, openCatalog } from '../source/open-catalog.ts'
import type { SourceKeys, VolumeHead, VolumeReader } from '../source/types.ts'
import { pause } from './wait.ts'
import type { Bandwidths } from './wire/bandwidth.ts'
import { fetchOrderHeader } from './wire/fetch-header.ts'
import { connectMiner, type MinerClient } from './wire/miner-client.ts'
import { openVerifiedReader } from './wire/verified-reader.ts'

export interface OpenVolumesOptions {
  reader: MarketReader
  /** Orders of the owner, newest first, as the chain has them. */
  orders: readonly OrderOnChain[]
  /** From the recovery phrase. */
  master: Uint8Array
  allowPrivate: boolean
  bandwidth: Bandwidths
  signal: AbortSignal
  onNote: (message: string) => void
}

/** One source as its miners have it: opened with nothing but the phrase and the chain. */
export interface OpenedSource {
  /** Hex of its salt: what tells one source from another. */
  salt: string
  keys: SourceKeys
  orders: bigint[]
  opened: OpenedCatalog
  reader: VolumeReader
  /** What was read of each order so far, every chunk proven. Bytes. */
  proven(): { orderId: bigint; commitment: Commitment; bytes: number }[]
  close(): Promise<void>
}

/** Volumes that this phrase opens, found by asking each active order's miner for the header leaf (recovery, design/03). */
export async function findVolumes(
  options: OpenVolumesOptions,
): Promise<Map<string, { heads: VolumeHead[]; keys: SourceKeys }>> {
  const { reader, orders, master, allowPrivate, signal, onNote } = options
  const heads: VolumeHead[] = []
  let foreign: DmcError | null = null
  let unreachable: DmcError | null = null
  await Promise.all(
    orders.map(async (order) => {
      if (order.commitment === null || order.state !== 'active') return
      try {
        const { leaf, commitment } = await unhurried(signal, () =>
          fetchOrderHeader({ reader, orderId: order.orderId, allowPrivate, signal }),
        )
        unlockHeader(crypto, master, leaf)
        heads.push({
          orderId: order.orderId,
          commitment,
          header: leaf,
          chainId: reader.chainId,
          market: reader.market,
        })
      } catch (thrown) {
        const error = toDmcError(thrown)
        if (error.code === 'PHRASE_WRONG') {
          foreign = error
          onNote(`Order ${order.orderId}: ${error.message}`)
          return
        }
        unreachable = error
        onNote(
          `Order ${order.orderId} can't be read now: ${error.message} What only it holds, perhaps the newest snapshot, is left out.`,
        )
      }
    }),
  )
  signal.throwIfAborted()
  if (heads.length === 0) throw unreachable ?? foreign ?? nothingFound(orders.length)
  const groups = groupBySource(heads.sort((a, b) => (a.orderId < b.orderId ? -1 : 1)))
  return new Map(
    [...groups].map(([salt, group]) => {
      const { sourceKey } = unlockHeader(crypto, master, group[0]?.header ?? new Uint8Array())
      return [salt, { heads: group, keys: { salt: Buffer.from(salt, 'hex'), sourceKey } }]
    }),
  )
}

/** Opens one source for reading: hellos signed by its reader key, every chunk verified against the chain. */
export async function openSource(
  {
    reader,
    allowPrivate,
    bandwidth,
    signal,
  }: Pick<OpenVolumesOptions, 'reader' | 'allowPrivate' | 'bandwidth' | 'signal'>,
  { heads, keys }: { heads: VolumeHead[]; keys: SourceKeys },
): Promise<OpenedSource> {
  const signer = privateKeyToAccount(deriveReaderKey(crypto, keys.sourceKey))
  const clients: MinerClient[] = []
  const volumes = []
  const proven: { orderId: bigint; commitment: Commitment; bytes: number }[] = []
  try {
    for (const head of heads) {
      const client = await unhurried(signal, () =>
        connectMiner({
          endpoint: null,
          reader,
          orderId: head.orderId,
          role: 'reader',
          signer,
          allowPrivate,
          bandwidth,
          signal,
          patienceMs: 120_000,
        }),
      )
      clients.push(client)
      const read = { orderId: head.orderId, commitment: head.commitment, bytes: 0 }
      proven.push(read)
      volumes.push({
        volumeId: toHex(decodeHeader(head.header).volumeId),
        client: counting(client, read),
        commitment: head.commitment,
      })
    }
    const verified = openVerifiedReader({ volumes })
    const opened = await openCatalog({ reader: verified, heads, keys, signal })
    return {
      salt: toHex(keys.salt),
      keys,
      orders: heads.map((head) => head.orderId),
      opened,
      reader: verified,
      proven: () => proven.map((one) => ({ ...one })),
      async close() {
        verified.close()
        await Promise.all(clients.map((client) => client.close()))
      },
    }
  } catch (error) {
    await Promise.all(clients.map((client) => client.close()))
    throw error
  }
}

/** The same chunks, counted when they have been proven. */
function counting(client: MinerClient, read: { bytes: number }): Pick<MinerClient, 'chunks'> {
  return {
    async chunks(first, into, commitment, signal) {
      await client.chunks(first, into, commitment, signal)
      read.bytes += into.reduce((sum, chunk) => sum + chunk.length, 0)
    },
  }
}

/** So often, some seconds apart, before a miner that says "later" is taken for one that doesn't answer. */
const MOST_LATER = 20

/** A miner answers only so many hellos a second, and may hold dozens of our orders: those that it put off are asked again. */
async function unhurried<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  for (let turn = 1; ; turn++) {
    try {
      return await work()
    } catch (error) {
      if (!DmcError.is(error) || error.code !== 'TOO_MANY_REQUESTS' || turn > MOST_LATER) throw error
      await pause(1000 + Math.random() * 4000, signal)
    }
  }
}

const nothingFound = (orders: number) =>
  new DmcError(
    'NOTHING_TO_RESTORE',
    orders === 0
      ? 'The wallet has no orders at this Market.'
      : `None of the wallet’s ${orders} orders is active: nothing can be read.`,
    { hint: 'Check the wallet’s address, the Market and the chain.' },
  )
