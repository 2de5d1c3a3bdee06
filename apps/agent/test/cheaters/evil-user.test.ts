import { readBill } from '@dmc/core/chain/read-bill'
import type { AgentProcess } from '@dmc/testkit/agent-process'
import { EvilUser } from '@dmc/testkit/cheaters/evil-user'
import type { Address } from 'viem'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { moneyOf, orderOf } from '../flows/support/chain.ts'
import { startMiner } from '../flows/support/steps.ts'
import { call, until, useWorld } from '../flows/support/world.ts'
import { seededBytes } from '../support/volume-bytes.ts'

/** Each way in which a user may cheat, against a real miner's agent: its pledge is never touched, and what it loses is gas that the bonds pay. */
const world = useWorld()
const MIB = 1 << 20
const BOND = 10n ** 18n
const CAPACITY = 2
let miner: AgentProcess
let wallet: Address
let operator: Address
let billId: bigint
const users: EvilUser[] = []

beforeAll(async () => {
  await world.start({ parameters: { cooldown: 1n } })
  miner = await world.agent('miner', { plainHttp: true })
  const started = await startMiner(world, miner, { size: 128n << 20n })
  wallet = started.wallet.address
  billId = started.billId
  operator = (await call(miner, 'wallet.show', {})).operator.address
})
afterAll(async () => {
  for (const user of users.splice(0)) await user.close()
})

async function newUser(): Promise<EvilUser> {
  const user = await EvilUser.open(world.devnet)
  users.push(user)
  return user
}

/** Waits until the miner's agent has room for it. */
async function ordered(user: EvilUser, challenges = 0): Promise<bigint> {
  const orderId = await user.order(billId, { capacity: CAPACITY, challenges })
  await until(`room for order ${orderId}`, async () => {
    const { orders } = await call(miner, 'order.list', { role: 'miner', all: true })
    return orders.some((order) => order.orderId === orderId && order.contractState === 'delivering')
  })
  return orderId
}

const log = (seed: number) => seededBytes(MIB + 5 * 1024, seed)
/** All that is the miner's: tokens, credit, and what is locked for what it sells and has sold. */
async function minerHas() {
  const { token, credit } = await moneyOf(world.devnet, wallet)
  const offered = (await readBill(world.devnet.client, { market: world.devnet.market, billId })).pledge
  const { orders } = await call(miner, 'order.list', { role: 'miner', all: true })
  const locked = orders.reduce((sum, order) => sum + order.pledge, 0n)
  return token + credit + locked + offered
}
const gasOf = async () => (await moneyOf(world.devnet, operator)).gasWei
const stateOf = async (orderId: bigint) => (await orderOf(world.devnet, orderId)).state

describe('a user that cheats', () => {
  it('with a wrong root never gets an active order, may cancel, and costs the miner one statement', async () => {
    const user = await newUser()
    const before = await minerHas()
    const orderId = await ordered(user)
    const commitment = await user.send(orderId, log(1), CAPACITY)
    await user.state(orderId, { ...commitment, root: `0x${'ab'.repeat(32)}` })
    await until('the miner to state what it has', async () => {
      const { minerPrepare } = await orderOf(world.devnet, orderId)
      return minerPrepare?.root === commitment.root
    })
    expect(await stateOf(orderId)).toBe('preparing')
    await expect(user.hand.act('challenge', [orderId, 0n])).rejects.toThrow()
    await user.hand.act('cancelOrder', [orderId])
    expect(await user.hand.balance()).toBe(0n)
    await until('the bill to be whole again', async () => (await minerHas()) === before)
  })

  it('that never sends gets nothing and pays nothing; a size that it did not send is stated by nobody', async () => {
    const user = await newUser()
    const before = await minerHas()
    const gas = await gasOf()
    const orderId = await ordered(user)
    await user.state(orderId, { root: `0x${'cd'.repeat(32)}`, size: 1024n })
    await new Promise((resolve) => setTimeout(resolve, 2_000))
    expect((await orderOf(world.devnet, orderId)).minerPrepare).toBeNull()
    await user.hand.act('cancelOrder', [orderId])
    expect(await user.hand.balance()).toBe(0n)
    expect(await gasOf()).toBe(gas)
    await until('the bill to be whole again', async () => (await minerHas()) === before)
  })

  it('that sends more than it ordered is refused on the wire, and what it sent before still counts', async () => {
    const user = await newUser()
    const orderId = await ordered(user)
    const client = await user.connect(orderId)
    const session = 'ab'.repeat(16)
    await client.append(session, null)
    const over = client.putLeaves(session, CAPACITY * 1024 - 1, Buffer.alloc(2 * 1024))
    await expect(over).rejects.toMatchObject({ code: expect.stringMatching(/CAPACITY|RANGE/) })
    const commitment = await user.store(orderId, log(2), CAPACITY)
    await until('the order to be active', async () => (await stateOf(orderId)) === 'active')
    expect((await orderOf(world.devnet, orderId)).commitment).toEqual(commitment)
  })

  it('cancels in each state: all of its money while preparing, nothing once it is active', async () => {
    const user = await newUser()
    const fresh = await user.order(billId, { capacity: CAPACITY })
    await user.hand.act('cancelOrder', [fresh])
    const stated = await ordered(user)
    await user.send(stated, log(3), CAPACITY)
    await until(
      'the miner’s statement',
      async () => (await orderOf(world.devnet, stated)).minerPrepare !== null,
    )
    await user.hand.act('cancelOrder', [stated])
    expect(await user.hand.balance()).toBe(0n)
    // a statement after the end is taken by nobody, and an ended order can't be cancelled twice
    await expect(user.state(stated, { root: `0x${'ab'.repeat(32)}`, size: 1024n })).rejects.toThrow()
    await expect(user.hand.act('cancelOrder', [stated])).rejects.toThrow()
    const active = await ordered(user)
    await user.store(active, log(4), CAPACITY)
    await until('the order to be active', async () => (await stateOf(active)) === 'active')
    await expect(user.hand.act('cancelOrder', [active])).rejects.toThrow()
    expect(await stateOf(active)).toBe('active')
  })

  it('that challenges for nothing pays a bond each time, more than the answer’s gas; the pledge is not touched', async () => {
    const user = await newUser()
    const orderId = await ordered(user, 4)
    await user.store(orderId, log(5), CAPACITY)
    await until('the order to be active', async () => (await stateOf(orderId)) === 'active')
    const { pledge, escrow } = await orderOf(world.devnet, orderId)
    const before = await minerHas()
    const gas = await gasOf()
    for (let round = 1n; round <= 4n; round++) {
      // its first leaf, its last, and two between
      const leaf = [0n, 1028n, 3n, 777n][Number(round - 1n)] as bigint
      await until('the cooldown', () => user.hand.act('challenge', [orderId, leaf]).catch(() => null))
      await until('the answer', async () => {
        const { challenge, reserve } = await orderOf(world.devnet, orderId)
        return challenge === null && reserve === (4n - round) * BOND
      })
    }
    // spam without a bond: refused
    await expect(user.hand.act('challenge', [orderId, 1n])).rejects.toThrow()
    const after = await orderOf(world.devnet, orderId)
    expect(after).toMatchObject({ state: 'active', pledge, escrow, reserve: 0n })
    expect((await minerHas()) - before).toBe(4n * BOND)
    // four answers of at most 115,000 gas: a bond pays one even where a token is worth 0.0005 coins and gas costs 4 gwei
    const spent = gas - (await gasOf())
    const block = await world.devnet.client.getBlock()
    const price = (block.baseFeePerGas ?? 0n) + 2_000_000_000n
    expect(spent).toBeGreaterThan(0n)
    expect(spent).toBeLessThanOrEqual(4n * 130_000n * price * 2n)
    expect(await user.hand.balance()).toBe(-(escrow + 4n * BOND))
  })

  it('that floods the wire with challenges is answered or told to wait; others go on', async () => {
    const [user, other] = [await newUser(), await newUser()]
    const [orderId, theirs] = [await ordered(user), await ordered(other)]
    const commitment = await user.store(orderId, log(6), CAPACITY)
    const honest = await other.store(theirs, log(7), CAPACITY)
    await until(
      'both to be active',
      async () => (await stateOf(orderId)) === 'active' && (await stateOf(theirs)) === 'active',
    )
    const [flood, calm] = [await user.connect(orderId), await other.connect(theirs)]
    const leaves = Array.from({ length: 64 }, (_, i) => BigInt(i))
    const all = Array.from({ length: 24 }, () => flood.challenge(leaves, commitment).catch(() => null))
    const started = performance.now()
    for (let i = 0; i < 5; i++) await calm.challenge([BigInt(i)], honest)
    const ms = performance.now() - started
    await Promise.all(all)
    expect(ms).toBeLessThan(20_000)
    await expect(
      flood.challenge(
        Array.from({ length: 65 }, () => 0n),
        commitment,
      ),
    ).rejects.toMatchObject({
      code: 'REQUEST_INVALID',
    })
  })

  it('that is silent for the whole window is called off by the miner, which has its space and pledge back', async () => {
    const user = await newUser()
    const before = await minerHas()
    const orderId = await ordered(user)
    await world.devnet.anvil.increaseTime(3n * 86_400n + 60n)
    await until('the miner’s refusal', async () => (await stateOf(orderId)) === 'refused')
    expect(await user.hand.balance()).toBe(0n)
    await until('the bill to be whole again', async () => (await minerHas()) === before)
  })
})
