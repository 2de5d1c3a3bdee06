import { join } from 'node:path'
import { createBillCall } from '@dmc/core/chain/acts/create-bill'
import type { MarketEvent } from '@dmc/core/chain/decode-log'
import type { Commitment, MarketReader } from '@dmc/core/chain/types'
import { bytesToHex } from 'viem'
import type { PrivateKeyAccount } from 'viem/accounts'
import { createMarketReader } from '../../../../apps/agent/src/chain/market-reader.ts'
import { openRpcClient } from '../../../../apps/agent/src/chain/rpc-client.ts'
import { createMinerServer, type MinerServer } from '../../../../apps/agent/src/contract/wire/miner-server.ts'
import { BufferPool } from '../../../../apps/agent/src/sector/buffer-pool.ts'
import { openSectorService } from '../../../../apps/agent/src/sector/sector-service.ts'
import type { OrderStore, SectorService } from '../../../../apps/agent/src/sector/types.ts'
import { openJournal } from '../../../../apps/agent/src/store/journal.ts'
import { openStore } from '../../../../apps/agent/src/store/open-store.ts'
import type { Devnet } from '../devnet.ts'
import { evilStore, type MinerCheat } from './evil-store.ts'
import { MarketHand, only } from './market-hand.ts'

const MIB = 1 << 20
const TOKEN = 10n ** 18n

export interface EvilMinerOptions {
  devnet: Devnet
  folder: string
  cheat: MinerCheat
  /** MiB offered. */
  capacity?: number
  /** Tokens of a challenge; default 1. */
  bond?: bigint
  /** Signs hellos and answers in the miner's place; default its wallet. */
  signer?: (wallet: PrivateKeyAccount) => PrivateKeyAccount
  /** Its clock, unix ms: for a chain whose time was moved. */
  now?: () => number
}

interface Parts {
  sectors: SectorService
  server: MinerServer
  sectorId: string
  /** As it is given out. */
  storeOf: (orderId: bigint) => Promise<OrderStore | null>
  end: () => Promise<void>
}

/**
 * A miner of the agent's own pieces (sector, wire, proofs) on a real chain, that cheats as it is told. It answers on chain with
 * whatever its store gives.
 */
export class EvilMiner {
  readonly hand: MarketHand
  readonly reader: MarketReader
  readonly billId: bigint
  readonly #cheat: { now: MinerCheat }
  readonly #parts: Parts

  private constructor(
    hand: MarketHand,
    reader: MarketReader,
    billId: bigint,
    cheat: { now: MinerCheat },
    parts: Parts,
  ) {
    this.hand = hand
    this.reader = reader
    this.billId = billId
    this.#cheat = cheat
    this.#parts = parts
  }

  /** May change at any time: an honest miner becomes a cheat when it is paid for long enough. */
  get cheat(): MinerCheat {
    return this.#cheat.now
  }

  set cheat(next: MinerCheat) {
    this.#cheat.now = next
  }

  /** A wallet with a bill, an endpoint on chain, and a server that listens. */
  static async start(options: EvilMinerOptions): Promise<EvilMiner> {
    const { devnet, folder, capacity = 64, bond = TOKEN } = options
    const hand = await MarketHand.open(devnet)
    const rpc = openRpcClient({
      urls: [devnet.url],
      chainId: devnet.anvil.chainId,
      confirmations: 1,
      pollMs: 10,
    })
    const reader = createMarketReader(rpc, devnet.market)
    const store = openStore(join(folder, 'data'))
    const journal = openJournal(store)
    const pool = new BufferPool(64 * MIB)
    const sectors = openSectorService({ store, journal, pool, forbidden: () => [] })
    const { sectorId } = await sectors.add(join(folder, 'sector'), (capacity + 1) * MIB)
    const cheat = { now: options.cheat }
    const evil = new Map<bigint, { by: MinerCheat; store: OrderStore }>()
    const storeOf = async (orderId: bigint) => {
      const honest = await sectors.open(orderId)
      if (!honest) return null
      const known = evil.get(orderId)
      if (known?.by === cheat.now) return known.store
      const made = evilStore(honest, cheat.now)
      evil.set(orderId, { by: cheat.now, store: made })
      return made
    }
    const server = await createMinerServer({
      tls: null,
      reader,
      stores: storeOf,
      signer: options.signer?.(hand.account) ?? hand.account,
      ...(options.now ? { now: options.now } : {}),
      bind: '127.0.0.1',
      port: 0,
      journal,
      pool,
      limits: { helloBurst: 10_000, helloPerSecond: 10_000 },
      onSealed: async (orderId, { root, size }) =>
        void (await hand.act('prepare', [orderId, 1n, root, size])),
    })
    const { timestamp } = await devnet.client.getBlock()
    const terms = {
      capacity: BigInt(capacity),
      step: 1n,
      price: TOKEN / 2n,
      pledgeRate: 4,
      minWeeks: 1,
      maxWeeks: 52,
      bond,
      expiresAt: timestamp + 40n * 604_800n,
    }
    const { billId } = only(await hand.send(createBillCall(devnet.market, terms)), 'BillCreated').args
    await hand.act('setEndpoint', [billId, `http://127.0.0.1:${server.port}`])
    const end = async () => {
      await server.close()
      await sectors.close()
      store.close()
    }
    return new EvilMiner(hand, reader, billId, cheat, { sectors, server, sectorId, storeOf, end })
  }

  get port(): number {
    return this.#parts.server.port
  }

  /** Room for an order (flow 8). */
  accept(orderId: bigint, capacityMiB: number): Promise<OrderStore> {
    return this.#parts.sectors.reserve(orderId, this.#parts.sectorId, capacityMiB * MIB)
  }

  /** The order's store without any cheat. */
  async honestStore(orderId: bigint): Promise<OrderStore> {
    const store = await this.#parts.sectors.open(orderId)
    if (!store) throw new Error(`no order ${orderId} here`)
    return store
  }

  /** States a commitment that it may not have: what an echo does. */
  state(orderId: bigint, { root, size }: Commitment): Promise<MarketEvent[]> {
    return this.hand.act('prepare', [orderId, 1n, root, size])
  }

  /** Answers the open challenge with what its cheating store gives. @throws when the Market does not take it */
  async answer(orderId: bigint, leaf: bigint): Promise<MarketEvent[]> {
    const { commitment } = await this.reader.order(orderId)
    if (!commitment) throw new Error(`order ${orderId} is not active`)
    const store = await this.#parts.storeOf(orderId)
    if (!store) throw new Error(`no order ${orderId} here`)
    const proof = await store.leafProof(Number(leaf), commitment)
    const path = proof.path.map((node) => bytesToHex(node))
    return this.hand.act('answer', [orderId, bytesToHex(proof.leaf), path])
  }

  close(): Promise<void> {
    return this.#parts.end()
  }
}
