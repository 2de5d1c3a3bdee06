import type {
  BillOnChain,
  Commitment,
  MarketReader,
  OperatorOnChain,
  OrderOnChain,
} from '@dmc/core/chain/types'
import { OPERATOR_SCOPES } from '@dmc/core/chain/types'
import { DmcError } from '@dmc/core/errors/dmc-error'
import { type Address, getAddress } from 'viem'
import { generatePrivateKey, type PrivateKeyAccount, privateKeyToAccount } from 'viem/accounts'

/** A Market in memory: what the wire's tests change by hand, where others run a real chain. */
export interface MemoryMarket extends MarketReader {
  orders: Map<bigint, OrderOnChain>
  operators: Map<string, OperatorOnChain>
  endpoints: Map<bigint, string>
  now: bigint
  /** Adds a preparing order of `capacity` MiB on bill 1. */
  addOrder(order: { orderId: bigint; capacity: bigint; user: Address; miner: Address }): OrderOnChain
  /** As two equal prepares do. */
  agree(orderId: bigint, commitment: Commitment): void
  authorise(owner: Address, operator: Address, scopes?: number, expiresAt?: bigint): void
}

export const newAccount = (): PrivateKeyAccount => privateKeyToAccount(generatePrivateKey())

export function createMemoryMarket(options: { chainId?: number; market?: Address } = {}): MemoryMarket {
  const orders = new Map<bigint, OrderOnChain>()
  const operators = new Map<string, OperatorOnChain>()
  const endpoints = new Map<bigint, string>()
  const find = (orderId: bigint): OrderOnChain => {
    const order = orders.get(orderId)
    if (order) return order
    throw new DmcError('ORDER_NOT_FOUND', `There is no order ${orderId}.`, { hint: 'Check the id.' })
  }
  const market: MemoryMarket = {
    chainId: options.chainId ?? 31337,
    market: options.market ?? getAddress('0x00000000000000000000000000000000000d3c01'),
    orders,
    operators,
    endpoints,
    now: 1_790_000_000n,
    order: async (orderId) => find(orderId),
    bill: async (): Promise<BillOnChain> => {
      throw new DmcError('BILL_NOT_FOUND', 'Bills are not part of this market.', { hint: 'None.' })
    },
    operator: async (owner, operator) =>
      operators.get(`${owner}/${operator}`) ?? { scopes: 0, expiresAt: 0n },
    endpoint: async (billId) => endpoints.get(billId) ?? '',
    chainTime: async () => market.now,
    addOrder({ orderId, capacity, user, miner }) {
      const order: OrderOnChain = {
        orderId,
        billId: 1n,
        user,
        miner,
        state: 'preparing',
        capacity,
        weeks: 4,
        price: 1024n,
        pledgeRate: 1,
        bond: 1n,
        createdAt: market.now,
        start: 0n,
        endsAt: 0n,
        escrow: 0n,
        reserve: 0n,
        pledge: 0n,
        claimed: 0n,
        claimable: 0n,
        noticeEndsAt: 0n,
        endStatedByUser: 0n,
        endStatedByMiner: 0n,
        nextChallengeAt: 0n,
        challenge: null,
        commitment: null,
        userPrepare: null,
        minerPrepare: null,
        previousOfUser: 0n,
      }
      orders.set(orderId, order)
      return order
    },
    agree(orderId, commitment) {
      const order = find(orderId)
      orders.set(orderId, { ...order, state: 'active', start: market.now, commitment })
    },
    authorise(owner, operator, scopes = OPERATOR_SCOPES.PREPARE, expiresAt = market.now + 3600n) {
      operators.set(`${owner}/${operator}`, { scopes, expiresAt })
    },
  }
  return market
}
