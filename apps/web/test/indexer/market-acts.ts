import { type MarketAct, type MarketActArgs, marketCall } from '@dmc/core/chain/acts/market-call'
import { approveCall, transferCall } from '@dmc/core/chain/acts/token-call'
import { revertDataIn } from '@dmc/core/chain/chain-error'
import { decodeMarketError } from '@dmc/core/chain/market-errors'
import { readMarket } from '@dmc/core/chain/read-market'
import { devAccount } from '@dmc/testkit/dev-accounts'
import { type Devnet, startDevnet } from '@dmc/testkit/devnet'
import { rpc } from '@dmc/testkit/rpc'
import type { Address, Hex } from 'viem'
import { ROOT } from './one-leaf.ts'

export const MINERS = [devAccount(1).address, devAccount(2).address] as const
export const USERS = [devAccount(3).address, devAccount(4).address] as const
export const OPERATOR = devAccount(5).address
export const STRANGER = devAccount(6).address
/** Its acts only make blocks differ: a reorg of empty blocks keeps their hashes. */
const NOISE = devAccount(7).address
export const ACCOUNTS = [...MINERS, ...USERS, OPERATOR, STRANGER, NOISE]

/** Short enough to live through in a test. */
const PARAMETERS = {
  week: 1_000n,
  prepareWindow: 500n,
  answerWindow: 50n,
  cooldown: 5n,
  notice: 100n,
  maxBillTerm: 100_000_000n,
}

export interface MarketActs {
  net: Devnet
  /** Sends an act and mines its block. @throws when it reverts */
  act<N extends MarketAct>(from: Address, name: N, args: MarketActArgs<N>, value?: bigint): Promise<void>
  /** Sends without mining; for several in one block. */
  send<N extends MarketAct>(from: Address, name: N, args: MarketActArgs<N>, value?: bigint): Promise<Hex>
  /** A block with something in it. */
  noise(): Promise<void>
  pass(seconds: number): Promise<void>
  now(): Promise<bigint>
  bill(over?: { bond?: bigint; miner?: Address; capacity?: bigint }): Promise<bigint>
  order(billId: bigint, over?: { user?: Address; weeks?: bigint; capacity?: bigint }): Promise<bigint>
  prepare(orderId: bigint, side: 0n | 1n, size?: bigint, root?: Hex): Promise<void>
  /** A bill, an order, two equal statements. */
  active(over?: { weeks?: bigint }): Promise<bigint>
  miner(orderId: bigint): Promise<Address>
  user(orderId: bigint): Promise<Address>
  billOf(orderId: bigint): Promise<bigint>
}

export async function openMarketActs(): Promise<MarketActs> {
  const net = await startDevnet({ blockTime: 'manual', parameters: PARAMETERS })
  const { market, token, url, client } = net
  let count = 0

  async function transact(from: Address, call: { to: Address; data: Hex; value: bigint }): Promise<Hex> {
    return rpc<Hex>(url, 'eth_sendTransaction', [
      { from, to: call.to, data: call.data, value: `0x${call.value.toString(16)}`, gas: '0x1c00000' },
    ])
  }
  async function mined(
    hash: Hex,
    call: { name: string; to: Address; data: Hex },
    from: Address,
  ): Promise<void> {
    await net.anvil.mine()
    const receipt = await rpc<{ status: Hex } | null>(url, 'eth_getTransactionReceipt', [hash])
    if (receipt?.status === '0x1') return
    const why = await client.call({ account: from, to: call.to, data: call.data }).catch(revertDataIn)
    throw new Error(
      `${call.name} ${receipt === null ? 'was not mined' : 'reverted'}: ${typeof why === 'string' ? decodeMarketError(why) : ''}`,
    )
  }
  for (const account of [...MINERS, ...USERS]) {
    const given = transferCall(token, account, 10n ** 26n)
    await mined(await transact(devAccount(0).address, given), given, devAccount(0).address)
    const approved = approveCall(token, market, (1n << 256n) - 1n)
    await mined(await transact(account, approved), approved, account)
  }

  const acts: MarketActs = {
    net,
    send: (from, name, args, value = 0n) => transact(from, marketCall(market, name, args, value)),
    async act(from, name, args, value = 0n) {
      const call = marketCall(market, name, args, value)
      await mined(await transact(from, call), call, from)
    },
    noise: () => acts.act(NOISE, 'setEndpoint', [0n, `http://127.0.0.1:${1_024 + count++}`]),
    pass: (seconds) => net.anvil.increaseTime(seconds),
    now: async () => (await client.getBlock()).timestamp,
    async bill({ bond = 7n, capacity = 8n, miner = MINERS[count++ % 2] ?? MINERS[0] } = {}) {
      const expiresAt = (await acts.now()) + 10_000_000n
      // 3 tokens and a bit for a GiB-week: sums that round wrongly would show.
      const terms = {
        capacity,
        step: 1n,
        price: 3_000_000_000_000_001_024n,
        pledgeRate: 3n,
        minWeeks: 1n,
        maxWeeks: 50n,
        bond,
        expiresAt,
      }
      await acts.act(miner, 'createBill', [terms])
      return (await readMarket(client, { market }, 'counts', []))[0]
    },
    async order(billId, { user = USERS[count++ % 2] ?? USERS[0], weeks = 4n, capacity = 1n } = {}) {
      const { miner, price } = await readMarket(client, { market }, 'getBill', [billId])
      const terms = {
        billId,
        expectedMiner: miner,
        capacity,
        weeks,
        maxPrice: price,
        minPledgeRate: 1n,
        maxBond: 1_000n,
        challenges: 3n,
      }
      await acts.act(user, 'createOrder', [terms])
      return (await readMarket(client, { market }, 'counts', []))[1]
    },
    async prepare(orderId, side, size = 1_024n, root = ROOT) {
      const who = side === 0n ? await acts.user(orderId) : await acts.miner(orderId)
      await acts.act(who, 'prepare', [orderId, side, root, size])
    },
    async active(over = {}) {
      const orderId = await acts.order(await acts.bill(), over)
      await acts.prepare(orderId, 0n)
      await acts.prepare(orderId, 1n)
      return orderId
    },
    miner: async (orderId) => (await readMarket(client, { market }, 'getOrder', [orderId])).miner,
    billOf: async (orderId) => (await readMarket(client, { market }, 'getOrder', [orderId])).billId,
    user: async (orderId) => (await readMarket(client, { market }, 'getOrder', [orderId])).user,
  }
  // No reorg of a test shall reach the deployment.
  for (let i = 0; i < 16; i++) await acts.noise()
  return acts
}
