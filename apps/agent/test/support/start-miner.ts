import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Commitment } from '@dmc/core/chain/types'
import type { WireLimits } from '@dmc/core/protocol/limits'
import type { LocalAccount } from 'viem'
import type { PrivateKeyAccount } from 'viem/accounts'
import { createMinerServer, type MinerServer } from '../../src/contract/wire/miner-server.ts'
import type { MinerServerOptions } from '../../src/contract/wire/server-context.ts'
import { loadTlsIdentity } from '../../src/contract/wire/tls-identity.ts'
import { pageMemory } from '../../src/disk/page-memory.ts'
import { BufferPool } from '../../src/sector/buffer-pool.ts'
import { openSectorService } from '../../src/sector/sector-service.ts'
import type { SectorService } from '../../src/sector/types.ts'
import { type Journal, openJournal } from '../../src/store/journal.ts'
import { openStore } from '../../src/store/open-store.ts'
import { type MemoryMarket, newAccount } from './memory-market.ts'

const MEBIBYTE = 1024 * 1024

export interface TestMiner {
  sectors: SectorService
  server: MinerServer
  journal: Journal
  /** Where its server receives bodies. */
  bodies: BufferPool<ArrayBufferLike>
  /** Bytes of all its pools on loan now. */
  readonly lent: number
  /** As it would stand on chain. */
  endpoint: string
  sectorId: string
  sealed: [bigint, Commitment][]
  close(): Promise<void>
}

export interface StartMinerOptions {
  folder: string
  market: MemoryMarket
  signer: PrivateKeyAccount
  tls?: boolean
  port?: number
  limits?: Partial<WireLimits>
  server?: Partial<MinerServerOptions>
  /** MiB of the sector. */
  size?: number
}

/** A miner's storage and server in one folder, without a chain service: agreements are made by hand. */
export async function startMiner(options: StartMinerOptions): Promise<TestMiner> {
  const { folder, market, signer, tls = true, port = 0, limits = {}, size = 256 } = options
  await mkdir(folder, { recursive: true })
  const store = openStore(join(folder, 'data'))
  const journal = openJournal(store)
  // as in an agent: what threads share, and memory of its own for what comes in
  const pool = new BufferPool(64 * MEBIBYTE)
  const bodies = new BufferPool<ArrayBufferLike>(64 * MEBIBYTE, pageMemory(64 * MEBIBYTE).buffer)
  const sectors = openSectorService({ store, journal, pool, forbidden: () => [] })
  const known = await sectors.list()
  const sector = known[0] ?? (await sectors.add(join(folder, 'sector'), size * MEBIBYTE))
  const identity = await loadTlsIdentity(join(folder, 'data'))
  const sealed: [bigint, Commitment][] = []
  const server = await createMinerServer({
    tls: tls ? identity : null,
    reader: market,
    stores: (orderId) => sectors.open(orderId),
    signer,
    bind: '127.0.0.1',
    port,
    journal,
    pool: bodies,
    // tests say hello much more often than agents do
    limits: { helloBurst: 10_000, ...limits },
    onSealed: (orderId, commitment) => void sealed.push([orderId, commitment]),
    ...options.server,
  })
  const endpoint = tls
    ? `https://127.0.0.1:${server.port}#spki=${identity.spki}`
    : `http://127.0.0.1:${server.port}`
  market.endpoints.set(1n, endpoint)
  return {
    sectors,
    server,
    journal,
    bodies,
    get lent() {
      return pool.lent + bodies.lent
    },
    endpoint,
    sectorId: sector.sectorId,
    sealed,
    async close() {
      await server.close()
      await sectors.close()
      store.close()
    },
  }
}

/** Accounts and one preparing order, reserved at the miner. */
export async function givenOrder(
  miner: TestMiner,
  market: MemoryMarket,
  minerAccount: LocalAccount,
  capacity = 64,
) {
  const user = newAccount()
  const orderId = BigInt(market.orders.size + 1)
  market.addOrder({ orderId, capacity: BigInt(capacity), user: user.address, miner: minerAccount.address })
  const store = await miner.sectors.reserve(orderId, miner.sectorId, capacity * MEBIBYTE)
  return { user, orderId, store }
}
