import { createBillCall } from '@dmc/core/chain/acts/create-bill'
import { createOrderCall } from '@dmc/core/chain/acts/create-order'
import {
  type ChainCall,
  type MarketAct,
  type MarketActArgs,
  marketCall,
} from '@dmc/core/chain/acts/market-call'
import { approveCall } from '@dmc/core/chain/acts/token-call'
import { readMoney } from '@dmc/core/chain/read-money'
import { readOrder } from '@dmc/core/chain/read-order'
import type { OrderOnChain } from '@dmc/core/chain/types'
import { rpc } from '@dmc/testkit/rpc'
import { createWalletClient, type Hex, http, type LocalAccount } from 'viem'
import type { World } from './world.ts'

const DMC = 10n ** 18n
const WEEK = 7n * 86_400n
/** MiB. */
const CAPACITY = 1024n

/** Sends a call as the account's own wallet would, past the browser; resolves when it is mined. */
export async function send(world: World, account: LocalAccount, { to, data }: ChainCall): Promise<void> {
  const { client, url } = world.devnet
  const signer = createWalletClient({ chain: client.chain, transport: http(url), account })
  const hash = await signer.sendTransaction({ to, data } as never)
  const { status } = await client.waitForTransactionReceipt({ hash, pollingInterval: 100 })
  if (status !== 'success') throw new Error('a transaction of the test itself was reverted')
}

/** An act of the Market by an account. */
export const act = <N extends MarketAct>(
  world: World,
  account: LocalAccount,
  name: N,
  args: MarketActArgs<N>,
): Promise<void> => send(world, account, marketCall(world.devnet.market, name, args))

/** A bill of `miner` over 8 GiB at 1 DMC per GiB-week, bond 2 DMC, pledge 4 weeks; its id. */
export async function publishBill(world: World, miner: LocalAccount): Promise<bigint> {
  const { market, token, client } = world.devnet
  await world.devnet.fund(miner.address)
  await send(world, miner, approveCall(token, market, 1_000n * DMC))
  const { timestamp } = await client.getBlock()
  await send(
    world,
    miner,
    createBillCall(market, {
      capacity: 8n * CAPACITY,
      step: CAPACITY,
      price: DMC,
      pledgeRate: 4,
      minWeeks: 1,
      maxWeeks: 100,
      bond: 2n * DMC,
      expiresAt: timestamp + 52n * WEEK,
    }),
  )
  return (await counts(world))[0]
}

/** An order of 1 GiB for 10 weeks, with a bond in reserve; both sides have stated its data when `active`. Its id. */
export async function placeOrder(
  world: World,
  of: { billId: bigint; user: LocalAccount; miner: LocalAccount; active: boolean },
): Promise<bigint> {
  const { billId, user, miner } = of
  const { market, token } = world.devnet
  await send(world, user, approveCall(token, market, 12n * DMC))
  await send(
    world,
    user,
    createOrderCall(market, {
      billId,
      expectedMiner: miner.address,
      capacity: CAPACITY,
      weeks: 10,
      maxPrice: DMC,
      minPledgeRate: 4,
      maxBond: 2n * DMC,
      challenges: 1,
    }),
  )
  const orderId = (await counts(world))[1]
  if (of.active) {
    const root: Hex = `0x${'5a'.repeat(32)}`
    await act(world, user, 'prepare', [orderId, 0n, root, 1024n * 64n])
    await act(world, miner, 'prepare', [orderId, 1n, root, 1024n * 64n])
  }
  return orderId
}

export const orderOf = (world: World, orderId: bigint): Promise<OrderOnChain> =>
  readOrder(world.devnet.client, { market: world.devnet.market, orderId })

/** Token wei in an account's wallet, and what the Market owes it. */
export async function moneyOf(
  world: World,
  account: LocalAccount,
): Promise<{ wallet: bigint; credit: bigint }> {
  const { client, market, token } = world.devnet
  const money = await readMoney(client, { market, token, account: account.address })
  return { wallet: money.token, credit: money.credit }
}

/** The chain's clock goes on, for everybody. @param seconds */
export async function pass(world: World, seconds: bigint): Promise<void> {
  await rpc(world.devnet.url, 'evm_increaseTime', [Number(seconds)])
  await rpc(world.devnet.url, 'evm_mine')
}

async function counts(world: World): Promise<readonly [bigint, bigint]> {
  const { client, market } = world.devnet
  const { marketAbi } = await import('@dmc/core/chain/generated/market-abi')
  return client.readContract({ address: market, abi: marketAbi, functionName: 'counts' })
}
