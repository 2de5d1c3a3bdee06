import { devAccount } from '@dmc/testkit/dev-accounts'
import { type Devnet, startDevnet } from '@dmc/testkit/devnet'
import { rpc } from '@dmc/testkit/rpc'
import { seededRandom } from '@dmc/testkit/seeded-random'
import { type Address, type Hex, toHex } from 'viem'
import type { ChainCall } from '../../src/chain/acts/market-call.ts'
import { approveCall, transferCall } from '../../src/chain/acts/token-call.ts'
import { tokenAbi } from '../../src/chain/generated/token-abi.ts'
import { decodeMarketError } from '../../src/chain/market-errors.ts'
import { readBill } from '../../src/chain/read-bill.ts'
import { readMarket } from '../../src/chain/read-market.ts'
import { readOrder } from '../../src/chain/read-order.ts'
import type { BillOnChain, OrderOnChain } from '../../src/chain/types.ts'
import type { ErrorCode } from '../../src/errors/codes.ts'
import type { ActExplanation } from '../../src/market/acts/act.ts'
import { DEFAULT_PARAMETERS, type MarketParameters } from '../../src/market/parameters.ts'
import { FINAL_ORDER_STATES } from '../../src/market/states.ts'
import { hashToHex } from '../../src/merkle/hash-hex.ts'
import { createPureHasher } from '../../src/merkle/pure-hasher.ts'
import { hashPair, zeroNode } from '../../src/merkle/zero-nodes.ts'

/** Times short enough to live through, and odd enough that a share that is rounded wrongly shows. */
export const PARAMETERS: MarketParameters = {
  ...DEFAULT_PARAMETERS,
  week: 1_009n,
  prepareWindow: 503n,
  answerWindow: 53n,
  cooldown: 7n,
  notice: 211n,
  maxBillTerm: 100_000_000n,
}

export const USERS = [1, 2, 3, 4, 5].map((i) => devAccount(i).address)
export const MINERS = [6, 7, 8].map((i) => devAccount(i).address)
/** Of all users and miners. */
export const OPERATOR = devAccount(9).address
/** Nobody's, and the first holder of all tokens. */
export const STRANGER = devAccount(0).address
export const ACCOUNTS = [...USERS, ...MINERS, OPERATOR, STRANGER]

const hasher = createPureHasher()
const LEAF = new Uint8Array(1_024).fill(7)

/** The commitment of one leaf in an order of `capacity` MiB, and its proof. */
export function oneLeaf(capacity: bigint): { root: Hex; leaf: Uint8Array; path: Uint8Array[] } {
  const depth = 10 + Math.ceil(Math.log2(Number(capacity)))
  const path = Array.from({ length: depth }, (_, height) => zeroNode(hasher, height))
  const root = path.reduce((node, sibling) => hashPair(hasher, node, sibling), hasher.sha256(LEAF))
  return { root: hashToHex(root), leaf: LEAF, path }
}

/** All money that the Market answers for, and who has how much; token wei. */
export interface Books {
  credit: Map<Address, bigint>
  token: Map<Address, bigint>
  tracked: bigint
  held: bigint
  supply: bigint
}

export interface MarketWorld {
  net: Devnet
  now(): Promise<bigint>
  /** Mines the call in a block of exactly this time. null: it went through; else what it reverted with. */
  send(from: Address, call: ChainCall, at: bigint): Promise<ErrorCode | null>
  bills(): Promise<BillOnChain[]>
  orders(): Promise<OrderOnChain[]>
  order(orderId: bigint): Promise<OrderOnChain>
  books(): Promise<Books>
  stop(): Promise<void>
}

export async function openMarketWorld(): Promise<MarketWorld> {
  const net = await startDevnet({ blockTime: 'manual', parameters: PARAMETERS })
  const { client, market, token, url } = net
  const at = { market }

  async function send(from: Address, call: ChainCall, time: bigint): Promise<ErrorCode | null> {
    await rpc(url, 'evm_setNextBlockTimestamp', [Number(time)])
    const hash = await rpc<Hex>(url, 'eth_sendTransaction', [
      { from, to: call.to, data: call.data, value: toHex(call.value), gas: '0x1c00000' },
    ])
    await net.anvil.mine()
    const receipt = await rpc<{ status: Hex; blockNumber: Hex }>(url, 'eth_getTransactionReceipt', [hash])
    const block = await client.getBlock({ blockNumber: BigInt(receipt.blockNumber) })
    if (block.timestamp !== time) throw new Error(`block at ${block.timestamp} instead of ${time}`)
    if (receipt.status === '0x1') return null
    const trace = await rpc<{ output?: Hex }>(url, 'debug_traceTransaction', [hash, { tracer: 'callTracer' }])
    return decodeMarketError(trace.output ?? '0x').code
  }

  const balance = (account: Address) =>
    client.readContract({ address: token, abi: tokenAbi, functionName: 'balanceOf', args: [account] })
  /** They never change again. */
  const final = new Map<bigint, OrderOnChain>()
  const world: MarketWorld = {
    net,
    send,
    now: async () => (await client.getBlock()).timestamp,
    async bills() {
      const [count] = await readMarket(client, at, 'counts', [])
      const ids = Array.from({ length: Number(count) }, (_, i) => BigInt(i + 1))
      return Promise.all(ids.map((billId) => readBill(client, { ...at, billId })))
    },
    async orders() {
      const [, count] = await readMarket(client, at, 'counts', [])
      const ids = Array.from({ length: Number(count) }, (_, i) => BigInt(i + 1))
      const all = await Promise.all(
        ids.map((id) => final.get(id) ?? readOrder(client, { ...at, orderId: id })),
      )
      for (const order of all) if (FINAL_ORDER_STATES.includes(order.state)) final.set(order.orderId, order)
      return all
    },
    order: (orderId) => readOrder(client, { ...at, orderId }),
    async books() {
      const [credits, tokens, tracked, held, supply] = await Promise.all([
        Promise.all(ACCOUNTS.map((account) => readMarket(client, at, 'credit', [account]))),
        Promise.all(ACCOUNTS.map(balance)),
        readMarket(client, at, 'trackedTotal', []),
        balance(market),
        client.readContract({ address: token, abi: tokenAbi, functionName: 'totalSupply' }),
      ])
      return {
        credit: new Map(ACCOUNTS.map((account, i) => [account, credits[i] ?? 0n])),
        token: new Map(ACCOUNTS.map((account, i) => [account, tokens[i] ?? 0n])),
        tracked,
        held,
        supply,
      }
    },
    stop: () => net.stop(),
  }
  let time = await world.now()
  for (const account of ACCOUNTS) {
    if (account !== STRANGER) await send(STRANGER, transferCall(token, account, 10n ** 25n), ++time)
    await send(account, approveCall(token, market, (1n << 256n) - 1n), ++time)
  }
  return world
}

/** The books after an act that goes through exactly as it was explained. */
export function booked(before: Books, from: Address, act: ActExplanation): Books {
  const after: Books = { ...before, credit: new Map(before.credit), token: new Map(before.token) }
  const add = (to: Map<Address, bigint>, who: Address, amount: bigint) => {
    const key = ACCOUNTS.find((account) => account.toLowerCase() === who.toLowerCase())
    if (key === undefined) throw new Error(`money of ${who} is not kept`)
    to.set(key, (to.get(key) ?? 0n) + amount)
  }
  add(after.token, from, -act.takes)
  let delta = act.takes - act.burns
  after.supply -= act.burns
  for (const { to, amount } of act.credits) add(after.credit, to, amount)
  if (act.pays !== null) {
    add(after.credit, act.pays.to, -act.pays.amount)
    add(after.token, act.pays.to, act.pays.amount)
    delta -= act.pays.amount
  }
  after.tracked += delta
  after.held += delta
  return after
}

/** The same draws for the same seed (mulberry32). */
export function createDraws(seed: number) {
  const next = seededRandom(seed)
  const below = (n: number) => Math.floor(next() * n)
  return {
    below,
    chance: (p: number) => next() < p,
    pick<T>(from: readonly T[]): T {
      const found = from[below(from.length)]
      if (found === undefined) throw new Error('nothing to draw from')
      return found
    },
  }
}
export type Draws = ReturnType<typeof createDraws>
