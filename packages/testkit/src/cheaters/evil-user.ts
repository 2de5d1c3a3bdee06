import type { Commitment, MarketReader } from '@dmc/core/chain/types'
import { createMarketReader } from '../../../../apps/agent/src/chain/market-reader.ts'
import { openRpcClient } from '../../../../apps/agent/src/chain/rpc-client.ts'
import { deliver } from '../../../../apps/agent/src/contract/wire/deliver.ts'
import { connectMiner, type MinerClient } from '../../../../apps/agent/src/contract/wire/miner-client.ts'
import { createMemoryRun } from '../../../../apps/agent/test/support/memory-run.ts'
import type { Devnet } from '../devnet.ts'
import { MarketHand, only } from './market-hand.ts'

/**
 * A user of the agent's own pieces (wire, delivery) on a real chain, step by step, so that it can leave out, repeat or twist each of
 * them: orders, sends, states, challenges, cancels. With every step done right it is an honest one.
 */
export class EvilUser {
  readonly hand: MarketHand
  readonly reader: MarketReader
  readonly #clients: MinerClient[] = []

  private constructor(hand: MarketHand, reader: MarketReader) {
    this.hand = hand
    this.reader = reader
  }

  static async open(devnet: Devnet): Promise<EvilUser> {
    const hand = await MarketHand.open(devnet)
    const rpc = openRpcClient({
      urls: [devnet.url],
      chainId: devnet.anvil.chainId,
      confirmations: 1,
      pollMs: 10,
    })
    return new EvilUser(hand, createMarketReader(rpc, devnet.market))
  }

  /** flow 7 on a named bill; `challenges`: bonds in the reserve. */
  async order(
    billId: bigint,
    wish: { capacity: number; weeks?: number; challenges?: number },
  ): Promise<bigint> {
    const bill = await this.reader.bill(billId)
    const { capacity, weeks = 4, challenges = 0 } = wish
    const terms = {
      billId,
      expectedMiner: bill.miner,
      capacity: BigInt(capacity),
      weeks: BigInt(weeks),
      maxPrice: bill.price,
      minPledgeRate: BigInt(bill.pledgeRate),
      maxBond: bill.bond,
      challenges: BigInt(challenges),
    }
    return only(await this.hand.act('createOrder', [terms]), 'OrderCreated').args.orderId
  }

  async connect(orderId: bigint): Promise<MinerClient> {
    const client = await connectMiner({
      endpoint: null,
      reader: this.reader,
      orderId,
      role: 'user',
      signer: this.hand.account,
      allowPrivate: true,
      signal: new AbortController().signal,
      patienceMs: 5_000,
    })
    this.#clients.push(client)
    return client
  }

  /** Sends a log and seals it; the miner then states its root. */
  async send(
    orderId: bigint,
    log: Buffer,
    capacity: number,
    base: Commitment | null = null,
  ): Promise<Commitment> {
    const client = await this.connect(orderId)
    const run = createMemoryRun(log, capacity, base)
    await deliver({ client, run, signal: new AbortController().signal })
    return run.commitment
  }

  state(orderId: bigint, { root, size }: Commitment) {
    return this.hand.act('prepare', [orderId, 0n, root, size])
  }

  /** Everything as it should be, until the order is active. */
  async store(orderId: bigint, log: Buffer, capacity: number): Promise<Commitment> {
    const commitment = await this.send(orderId, log, capacity)
    await this.state(orderId, commitment)
    return commitment
  }

  async close(): Promise<void> {
    for (const client of this.#clients.splice(0)) await client.close()
  }
}
