import { join } from 'node:path'
import type { Commitment, OrderOnChain } from '@dmc/core/chain/types'
import { DmcError } from '@dmc/core/errors/dmc-error'
import type { Address } from 'viem'
import { createMemoryMarket, type MemoryMarket, newAccount } from '../../../test/support/memory-market.ts'
import { commitmentOf } from '../../../test/support/memory-run.ts'
import { seededBytes } from '../../../test/support/volume-bytes.ts'
import { BufferPool } from '../../sector/buffer-pool.ts'
import { openSectorService } from '../../sector/sector-service.ts'
import type { SectorService } from '../../sector/types.ts'
import { type Journal, openJournal } from '../../store/journal.ts'
import { openStore, type Store } from '../../store/open-store.ts'
import type { ContractContext } from '../context.ts'
import { sameCommitment } from '../same-commitment.ts'
import { UNLIMITED } from '../wire/bandwidth.ts'

const MEBIBYTE = 1024 * 1024
export const CAPACITY_MIB = 4

/** What the miner's side sent to the chain, in order. */
export type Sent = `prepare ${string}` | 'withdraw' | `refuse ${string}`

/** A miner without wire and RPC: real store, journal and disk; a Market in memory that judges as the real one does. */
export interface ContractWorld {
  context: ContractContext
  market: MemoryMarket
  store: Store
  journal: Journal
  sectors: SectorService
  sectorId: string
  user: Address
  miner: Address
  sent: Sent[]
  /** The next act of this kind fails with it, once; it sends nothing. */
  failing: Map<'prepare' | 'withdraw' | 'refuse', DmcError>
  /** Stops the agent. */
  stop: AbortController
  /** A preparing order of 4 MiB on the miner's bill. */
  addOrder(orderId: bigint): OrderOnChain
  change(orderId: bigint, change: Partial<OrderOnChain>): void
  /** The user's side states a commitment, as its agent would. */
  userStates(orderId: bigint, commitment: Commitment): Promise<void>
  /** Sends `size` seeded bytes in a session and seals them; what a user's agent does over the wire. */
  seal(orderId: bigint, session: string, base: Commitment | null, size: number): Promise<Commitment>
  close(): Promise<void>
}

export async function openContractWorld(folder: string): Promise<ContractWorld> {
  const store = openStore(join(folder, 'data'))
  const journal = openJournal(store)
  const pool = new BufferPool(16 * MEBIBYTE)
  const sectors = openSectorService({ store, journal, pool, forbidden: () => [] })
  const { sectorId } = await sectors.add(join(folder, 'sector'), 256 * MEBIBYTE)
  const market = createMemoryMarket()
  const operator = newAccount()
  const [user, miner] = [newAccount().address, newAccount().address]
  const stop = new AbortController()
  const sent: Sent[] = []
  const failing: ContractWorld['failing'] = new Map()
  const find = async (orderId: bigint) => ({ ...(await market.order(orderId)) })
  const change = (orderId: bigint, values: Partial<OrderOnChain>) => {
    const order = market.orders.get(orderId)
    if (!order) throw new Error(`no order ${orderId}`)
    market.orders.set(orderId, { ...order, ...values })
  }
  const fail = (kind: 'prepare' | 'withdraw' | 'refuse') => {
    const error = failing.get(kind)
    failing.delete(kind)
    if (error) throw error
  }
  /** As Market.prepare: two slots, equal ones come into force. */
  const state = async (orderId: bigint, side: 'user' | 'miner', commitment: Commitment, signer: Address) => {
    const order = await find(orderId)
    if (order.state !== 'preparing' && order.state !== 'active') {
      throw new DmcError('ORDER_STATE', `Order ${orderId} is ${order.state}.`, { hint: 'None.' })
    }
    const theirs = side === 'user' ? order.minerPrepare : order.userPrepare
    if (sameCommitment(theirs, commitment)) {
      change(orderId, { userPrepare: null, minerPrepare: null })
      market.agree(orderId, commitment)
    } else {
      change(orderId, { [side === 'user' ? 'userPrepare' : 'minerPrepare']: { ...commitment, signer } })
    }
  }
  const context: ContractContext = {
    store,
    journal,
    reader: market,
    checkMarket: async () => {},
    operator,
    sectors,
    allowPrivateEndpoints: true,
    bandwidth: UNLIMITED,
    confirmations: 1,
    prepareWindow: async () => 3n * 86_400n,
    signal: stop.signal,
    acts: {
      mayPrepare: async () => {},
      async prepare(orderId, side, commitment) {
        fail('prepare')
        sent.push(`prepare ${commitment.size}`)
        await state(orderId, side, commitment, operator.address)
      },
      async withdrawPrepare(orderId) {
        fail('withdraw')
        if ((await find(orderId)).minerPrepare !== null) {
          sent.push('withdraw')
          change(orderId, { minerPrepare: null })
        }
        return find(orderId)
      },
      async refuse(orderId, reason) {
        fail('refuse')
        const order = await find(orderId)
        if (order.state === 'refused') return
        if (order.state !== 'preparing') {
          throw new DmcError('ORDER_STATE', `Order ${orderId} is ${order.state}.`, { hint: 'None.' })
        }
        sent.push(`refuse ${reason}`)
        change(orderId, { state: 'refused' })
      },
      sectorOfBill: (billId) => (billId === 1n ? sectorId : null),
    },
    source: {
      start: async () => {
        throw new Error('a miner has no source')
      },
    },
  }
  return {
    context,
    market,
    store,
    journal,
    sectors,
    sectorId,
    user,
    miner,
    sent,
    failing,
    stop,
    addOrder: (orderId) => market.addOrder({ orderId, capacity: BigInt(CAPACITY_MIB), user, miner }),
    change,
    userStates: (orderId, commitment) => state(orderId, 'user', commitment, user),
    async seal(orderId, session, base, size) {
      const order = await sectors.open(orderId)
      if (!order) throw new Error(`order ${orderId} has no store`)
      const bytes = seededBytes(size, Number.parseInt(session.slice(0, 6), 16))
      await order.openSession(session, base)
      const from = Number(base?.size ?? 0n)
      const whole = base ? Buffer.concat([await order.read(0, from), bytes.subarray(from)]) : bytes
      await order.write(session, from / 1024, whole.subarray(from))
      const commitment = commitmentOf(whole, CAPACITY_MIB)
      await order.seal(session, commitment)
      return commitment
    },
    async close() {
      stop.abort()
      await sectors.close()
      store.close()
    },
  }
}
