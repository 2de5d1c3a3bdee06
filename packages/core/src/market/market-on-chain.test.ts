import { devAccount } from '@dmc/testkit/dev-accounts'
import { type Devnet, startDevnet } from '@dmc/testkit/devnet'
import { rpc } from '@dmc/testkit/rpc'
import * as fc from 'fast-check'
import type { Address, Hex } from 'viem'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createBillCall } from '../chain/acts/create-bill.ts'
import { createOrderCall } from '../chain/acts/create-order.ts'
import { type ChainCall, marketCall } from '../chain/acts/market-call.ts'
import { prepareCall } from '../chain/acts/prepare.ts'
import { approveCall, transferCall } from '../chain/acts/token-call.ts'
import { decodeLogs, type MarketEvent, type RawLog } from '../chain/decode-log.ts'
import { listBills, listBillsOf } from '../chain/list-bills.ts'
import { listOrdersOf } from '../chain/list-orders-of.ts'
import { readBill } from '../chain/read-bill.ts'
import { readOrder } from '../chain/read-order.ts'
import { readParameters, readToken } from '../chain/read-parameters.ts'
import { claimable } from './earned.ts'
import { orderTotal } from './order-cost.ts'
import { DEFAULT_PARAMETERS } from './parameters.ts'
import { pledge } from './pledge.ts'
import { roundPriceUp } from './week-price.ts'

/** The same sums in TypeScript and in Solidity: each compared with the real contract, exactly. */
let net: Devnet
const miner = devAccount(1).address
const user = devAccount(2).address

beforeAll(async () => {
  net = await startDevnet({ blockTime: 'auto' })
  // Tokens without end: the property draws big prices.
  for (const account of [miner, user]) {
    await send(devAccount(0).address, transferCall(net.token, account, 4n * 10n ** 26n))
    await send(account, approveCall(net.token, net.market, (1n << 256n) - 1n))
  }
})
afterAll(() => net?.stop())

async function send(from: Address, { to, data, value }: ChainCall): Promise<MarketEvent[]> {
  const hash = await rpc<Hex>(net.url, 'eth_sendTransaction', [
    { from, to, data, value: `0x${value.toString(16)}`, gas: '0xf4240' },
  ])
  const receipt = await net.client.waitForTransactionReceipt({ hash })
  expect(receipt.status).toBe('success')
  return decodeLogs(net.market, receipt.logs as RawLog[])
}

function only<N extends MarketEvent['name']>(
  events: MarketEvent[],
  name: N,
): Extract<MarketEvent, { name: N }> {
  const found = events.find((event) => event.name === name)
  if (found === undefined) throw new Error(`no ${name}`)
  return found as Extract<MarketEvent, { name: N }>
}

const now = async () => (await net.client.getBlock()).timestamp
const terms = fc
  .record({
    step: fc.bigInt(1n, 2048n),
    steps: fc.bigInt(1n, 64n),
    taken: fc.bigInt(1n, 64n),
    price: fc.bigInt(1n, 10n ** 19n),
    pledgeRate: fc.integer({ min: 1, max: 20 }),
    weeks: fc.integer({ min: 1, max: 60 }),
    bond: fc.bigInt(0n, 10n ** 18n),
    challenges: fc.integer({ min: 0, max: 30 }),
  })
  .map(({ step, price, steps, taken, ...rest }) => ({
    ...rest,
    step,
    capacity: steps * step,
    wanted: ((taken % steps) + 1n) * step,
    price: roundPriceUp(price, step),
  }))

describe('market rules in TypeScript equal the contract', () => {
  it('the defaults are those of the deployment', async () => {
    expect(await readParameters(net.client, net)).toEqual(DEFAULT_PARAMETERS)
    expect((await readToken(net.client, net)).toLowerCase()).toBe(net.token.toLowerCase())
  })

  it('pledge, cost, reserve and what is free: for any terms', async () => {
    let orders = 0
    await fc.assert(
      fc.asyncProperty(terms, async ({ wanted, weeks, challenges, ...offer }) => {
        const { step, capacity, price, pledgeRate, bond } = offer
        const expiresAt = (await now()) + 1_000_000n
        const bill = { step, capacity, price, pledgeRate, bond, minWeeks: 1, maxWeeks: 60, expiresAt }
        const created = only(await send(miner, createBillCall(net.market, bill)), 'BillCreated')
        expect(created.args.pledge).toBe(pledge(price, capacity, pledgeRate))
        const { billId } = created.args
        const order = {
          billId,
          expectedMiner: miner,
          capacity: wanted,
          weeks,
          maxPrice: price,
          minPledgeRate: pledgeRate,
          maxBond: bond,
          challenges,
        }
        const taken = only(await send(user, createOrderCall(net.market, order)), 'OrderCreated')
        orders++
        const { escrow, reserve } = orderTotal({ price, capacity: wanted, weeks, bond, challenges })
        expect(taken.args).toMatchObject({ escrow, reserve, pledge: pledge(price, wanted, pledgeRate) })
        const left = await readBill(net.client, { ...net, billId })
        expect(left).toMatchObject({
          free: capacity - wanted,
          pledge: pledge(price, capacity - wanted, pledgeRate),
        })
        expect(left).toMatchObject({ ...bill, miner, cancelled: false, endpoint: '' })
      }),
      { numRuns: 25, seed: 7 },
    )
    const bills = await listBills(net.client, net)
    expect(bills.map(({ billId }) => billId)).toEqual(bills.map((_, i) => BigInt(i + 1)))
    const own = await listBillsOf(net.client, { ...net, miner })
    expect(own.map(({ billId }) => billId)).toEqual(bills.map(({ billId }) => billId).reverse())
    expect(await listOrdersOf(net.client, { ...net, user })).toHaveLength(orders)
    expect(await listOrdersOf(net.client, { ...net, user: miner })).toEqual([])
  })

  it('what a miner may claim: at any moment of the term, with claims in between', async () => {
    const price = roundPriceUp(1_234_567_890_123_456_789n, 3n)
    const expiresAt = (await now()) + 1_000_000n
    const offer = {
      step: 3n,
      capacity: 3n,
      price,
      pledgeRate: 1,
      bond: 0n,
      minWeeks: 1,
      maxWeeks: 60,
      expiresAt,
    }
    const { billId } = only(await send(miner, createBillCall(net.market, offer)), 'BillCreated').args
    const wish = {
      billId,
      expectedMiner: miner,
      capacity: 3n,
      weeks: 9,
      maxPrice: price,
      minPledgeRate: 1,
      maxBond: 0n,
      challenges: 0,
    }
    const { orderId } = only(await send(user, createOrderCall(net.market, wish)), 'OrderCreated').args
    const commitment = { root: `0x${'ab'.repeat(32)}` as Hex, size: 1024n }
    await send(user, prepareCall(net.market, orderId, 'user', commitment))
    const active = only(
      await send(miner, prepareCall(net.market, orderId, 'miner', commitment)),
      'OrderActivated',
    )
    const { week } = DEFAULT_PARAMETERS
    expect(active.args.endsAt - active.args.start).toBe(9n * week)
    let claims = 0
    const pauses = [1n, week - 2n, 1n, 1n, 12_345n, 3n * week, 7n, 1n, week + 999n, 4n * week]
    for (const [i, pause] of pauses.entries()) {
      await net.anvil.setTime((await now()) + pause)
      const order = await readOrder(net.client, { ...net, orderId })
      // eth_call runs at the newest block's time or a little later; the order's end makes both the same at last.
      const t = await now()
      const [least, most] = [claimable(order, t, week), claimable(order, t + 3n, week)]
      expect(order.claimable >= least && order.claimable <= most, `pause ${i}`).toBe(true)
      if (i % 3 !== 2 || order.claimable === 0n) continue
      claims++
      const claimed = only(await send(miner, marketCall(net.market, 'claim', [orderId])), 'Claimed').args
        .amount
      expect(claimed).toBe(claimable(order, await now(), week))
    }
    expect(claims).toBeGreaterThan(1)
  })
})
