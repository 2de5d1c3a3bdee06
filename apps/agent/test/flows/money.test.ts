import { DEFAULT_PARAMETERS } from '@dmc/core/market/parameters'
import { weekPrice } from '@dmc/core/market/week-price'
import type { AgentProcess } from '@dmc/testkit/agent-process'
import type { PrivateKeyAccount } from 'viem/accounts'
import { beforeAll, describe, expect, it } from 'vitest'
import { moneyOf, nonceOf, orderOf } from './support/chain.ts'
import { storedOrder } from './support/challenge.ts'
import { MIB, setUp, startMiner } from './support/steps.ts'
import { call, journalOf, until, useWorld } from './support/world.ts'

/** Money to the end: every act of an order by command, and what running agents collect by themselves. */
const world = useWorld()
const WEEK = DEFAULT_PARAMETERS.week
let miner: AgentProcess
let user: AgentProcess
let wallets: { user: PrivateKeyAccount; miner: PrivateKeyAccount }
let billId: bigint

beforeAll(async () => {
  await world.start()
  // a week of these orders earns less than a token
  miner = await world.agent('miner', { plainHttp: true, env: { DMC_CLAIM_MINIMUM: '0.0001' } })
  user = await world.agent('user')
  const [mine, theirs] = await Promise.all([
    setUp(world, user),
    startMiner(world, miner, { size: 64n * MIB }),
  ])
  await user.start()
  wallets = { user: mine.wallet, miner: theirs.wallet }
  ;({ billId } = theirs)
}, 120_000)

const order = (orderId: bigint) => orderOf(world.devnet, orderId)
const money = (account: PrivateKeyAccount) => moneyOf(world.devnet, account.address)
const sent = (agent: AgentProcess, ...args: string[]) => agent.json<{ hashes: string[] }>([...args, '--yes'])

async function refused(agent: AgentProcess, code: string, args: string[]): Promise<void> {
  const result = await agent.cli([...args, '--yes'])
  expect(result.stdout + result.stderr).toContain(code)
  expect(result.exitCode).not.toBe(0)
}

describe('an order by command', () => {
  it('is extended, topped up, shortened and ended by both, each shown first and exact to the wei', async () => {
    const { orderId } = await storedOrder(world, user, 'acts', { challenges: 1 })
    const id = String(orderId)
    const before = await order(orderId)
    const price = weekPrice(before.price, before.capacity)
    const start = await money(wallets.user)

    // shown, and nothing is sent
    const look = await user.cli(['order', 'extend', id, '--weeks', '2', '--dry-run'])
    expect(look.exitCode).toBe(0)
    expect(look.stdout).toMatch(/What it does/)
    expect((await order(orderId)).endsAt).toBe(before.endsAt)
    expect((await money(wallets.user)).token).toBe(start.token)

    expect((await sent(user, 'order', 'extend', id, '--weeks', '2')).hashes).toHaveLength(1)
    expect((await order(orderId)).endsAt).toBe(before.endsAt + 2n * WEEK)
    expect((await money(wallets.user)).token).toBe(start.token - 2n * price)
    // the same words later are a new wish
    await sent(user, 'order', 'extend', id, '--weeks', '2')
    expect((await order(orderId)).endsAt).toBe(before.endsAt + 4n * WEEK)

    await sent(user, 'order', 'top-up', id, '--challenges', '3')
    expect((await order(orderId)).reserve).toBe(before.reserve + 3n * before.bond)
    expect((await money(wallets.user)).token).toBe(start.token - 4n * price - 3n * before.bond)

    const { credit } = await money(wallets.user)
    await sent(user, 'order', 'shorten', id, '--weeks', '5')
    expect((await order(orderId)).endsAt).toBe(before.endsAt + WEEK)
    expect((await money(wallets.user)).credit).toBe(credit + 3n * price)

    await refused(miner, 'MARKET_', ['order', 'extend', id, '--weeks', '1'])
    await refused(user, 'MARKET_', ['order', 'quit', id])
    await refused(user, 'MARKET_', ['order', 'finish', id])

    await sent(user, 'order', 'end', id)
    await sent(user, 'order', 'end', id, '--withdraw')
    await sent(miner, 'order', 'end', id, '--until', '2d')
    expect((await order(orderId)).state).toBe('active')
    await sent(user, 'order', 'end', id)
    expect((await order(orderId)).state).toBe('ended')
  })

  it('all orders of a source are renewed in one transaction after one allowance', async () => {
    const { orderId, sourceId } = await storedOrder(world, user, 'renewed')
    const before = await order(orderId)
    const nonce = await nonceOf(world.devnet, wallets.user.address)
    await sent(user, 'source', 'renew', sourceId, '--weeks', '8')
    expect((await order(orderId)).endsAt).toBe(before.endsAt + 8n * WEEK)
    expect(await nonceOf(world.devnet, wallets.user.address)).toBeLessThanOrEqual(nonce + 2)
    expect((await money(wallets.user)).allowance).toBe(0n)
  })

  it('a bill is shrunk by what is unsold, and notice is given to an order', async () => {
    const { orderId } = await storedOrder(world, user, 'left')
    const { bills } = await call(miner, 'bill.list', {})
    const free = bills.find((bill) => bill.billId === billId)?.free ?? 0n
    await sent(miner, 'bill', 'shrink', String(billId), '2MiB')
    const after = await call(miner, 'bill.list', {})
    expect(after.bills.find((bill) => bill.billId === billId)?.free).toBe(free - 2n)
    await sent(miner, 'order', 'quit', String(orderId))
    expect((await order(orderId)).noticeEndsAt).toBeGreaterThan(0n)
  })
})

describe('all orders of a miner', () => {
  it('are claimed from in one transaction, and those that are over are settled', async () => {
    const over = await storedOrder(world, user, 'over', { weeks: 2, capacityMib: 8n })
    const runs = await storedOrder(world, user, 'runs', { weeks: 8, capacityMib: 8n })
    await miner.json(['config', 'set', 'claim.automatic', 'false'])
    await miner.stop()
    await world.devnet.anvil.increaseTime(Number(2n * WEEK + WEEK / 2n))
    await miner.start()
    const before = await order(over.orderId)
    const { credit } = await money(wallets.miner)
    const nonce = await nonceOf(world.devnet, wallets.miner.address)
    const look = await miner.cli(['order', 'claim', '--all', '--dry-run'])
    expect(look.stdout).toMatch(/it is over, and settled/)
    expect((await order(over.orderId)).state).toBe('active')
    const done = await miner.json<{ hashes: string[]; amount: string }>(['order', 'claim', '--all', '--yes'])
    expect(done.hashes).toHaveLength(1)
    expect((await order(over.orderId)).state).toBe('ended')
    const { claimed, state } = await order(runs.orderId)
    expect([claimed > 0n, state]).toEqual([true, 'active'])
    const gained = (await money(wallets.miner)).credit - credit
    // other orders of this miner may have earned, too
    expect(gained).toBeGreaterThanOrEqual(before.escrow + before.pledge + claimed)
    expect(BigInt(done.amount)).toBe(gained)
    expect(await nonceOf(world.devnet, wallets.miner.address)).toBeLessThanOrEqual(nonce + 1)
    // the running one earns each second
    const next = await miner.cli(['order', 'claim', '--all', '--dry-run'])
    expect(next.stdout).not.toMatch(/it is over/)
    await miner.json(['config', 'set', 'claim.automatic', 'true'])
  })
})

describe('by themselves', () => {
  it('a miner’s agent claims what was earned, and settles what is over; once each, also over a restart', async () => {
    const { orderId } = await storedOrder(world, user, 'collected', { weeks: 2, capacityMib: 8n })
    const { escrow, pledge } = await order(orderId)
    await miner.stop()
    await world.devnet.anvil.increaseTime(Number(WEEK + WEEK / 2n))
    const credit = (await money(wallets.miner)).credit
    await miner.start()
    await until('it to claim', async () => (await order(orderId)).claimed > 0n, 90_000)
    const { claimed } = await order(orderId)
    expect((await money(wallets.miner)).credit - credit).toBeGreaterThanOrEqual(claimed)
    await until('it to be told', async () =>
      (await journalOf(miner)).some(
        ({ event, subject }) => event === 'order-claimed' && subject === `order:${orderId}`,
      ),
    )
    await miner.stop()
    await world.devnet.anvil.increaseTime(Number(WEEK))
    const last = (await money(wallets.miner)).credit
    await miner.start()
    await until('it to settle', async () => (await order(orderId)).state === 'ended', 90_000)
    expect((await money(wallets.miner)).credit).toBeGreaterThanOrEqual(last + escrow - claimed + pledge)
    const finishes = (await journalOf(miner)).filter(
      ({ event, subject }) => event === 'order-finished' && subject === `order:${orderId}`,
    )
    expect(finishes.length).toBeLessThanOrEqual(1)
  })
})
