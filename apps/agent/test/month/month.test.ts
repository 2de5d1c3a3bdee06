import { closeSync, fsyncSync, openSync, readdirSync, statSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { tokenAbi } from '@dmc/core/chain/generated/token-abi'
import { readBill } from '@dmc/core/chain/read-bill'
import { readMarket } from '@dmc/core/chain/read-market'
import type { Commitment } from '@dmc/core/chain/types'
import { pickLeaves } from '@dmc/core/challenge/pick-leaves'
import type { AgentProcess } from '@dmc/testkit/agent-process'
import { EvilUser } from '@dmc/testkit/cheaters/evil-user'
import { MarketHand, only } from '@dmc/testkit/cheaters/market-hand'
import { type FaultProxy, startFaultProxy } from '@dmc/testkit/fault-proxy'
import { seededRandom } from '@dmc/testkit/seeded-random'
import { afterAll, describe, expect, it } from 'vitest'
import { checkOrder } from '../../src/challenge/check-order.ts'
import { marketEvents, orderOf } from '../flows/support/chain.ts'
import { MIB, startMiner } from '../flows/support/steps.ts'
import { until, useWorld } from '../flows/support/world.ts'
import { seededBytes } from '../support/volume-bytes.ts'

/**
 * Days of a market, in minutes: the chain's time is moved on; miners are real agents in processes of their own, killed at random and reached
 * through connections that are cut at random; one of them begins to lose data on its disk. Users check, challenge, slash and restore.
 * Three days in every run, a month in the long one.
 */
const LONG = process.env.DMC_TEST_LONG === '1'
const DAYS = LONG ? 30 : 3
const LOSES_FROM = LONG ? 10 : 1
const ORDERS = LONG ? 20 : 6
const MINERS = 3
/** Checks of each order in a day. */
const CHECKS = LONG ? 3 : 2
const LEAVES = 20
const SIZE = 2 * (1 << 20) + 7 * 1024
const CAPACITY = 3
const DAY = 86_400n
const WEEKS = 5
const SEED = Number(process.env.DMC_TEST_SEED ?? 11)

const world = useWorld()
const random = seededRandom(SEED)
const users: EvilUser[] = []
const proxies: FaultProxy[] = []
afterAll(async () => {
  for (const user of users.splice(0)) await user.close()
  for (const proxy of proxies.splice(0)) await proxy.close()
})

interface Miner {
  agent: AgentProcess
  hand: MarketHand
  billId: bigint
  sectorPath: string
  loses: boolean
  handles: number
}
interface Order {
  orderId: bigint
  user: EvilUser
  miner: Miner
  log: Buffer
  commitment: Commitment
  slashed: boolean
  /** Waits for its deadline. */
  challenged: boolean
}

const handlesOf = (pid: number | undefined) => readdirSync(`/proc/${pid}/fd`).length

async function openMiner(i: number): Promise<Miner> {
  const agent = await world.agent(`miner-${i}`, { plainHttp: true })
  const { billId, sectorPath, wallet } = await startMiner(world, agent, { size: 128n * MIB })
  const { client, market } = world.devnet
  const hand = await MarketHand.of(world.devnet, wallet)
  // what its bill locks is its own, too
  hand.firstToken += (await readBill(client, { market, billId })).pledge
  const own = (await readMarket(client, { market }, 'endpointOf', [billId])) as string
  const port = Number(new URL(own).port)
  // one connection in eight is cut somewhere in its first 64 KiB
  const cut = seededRandom(SEED + i)
  const proxy = await startFaultProxy(
    () => port,
    () => (cut() < 0.125 ? { cutAfter: Math.floor(cut() * 65_536) } : {}),
  )
  proxies.push(proxy)
  await hand.act('setEndpoint', [billId, `http://127.0.0.1:${proxy.port}`])
  return { agent, hand, billId, sectorPath, loses: i === MINERS - 1, handles: 0 }
}

async function openOrder(i: number, miner: Miner): Promise<Order> {
  const user = await EvilUser.open(world.devnet)
  users.push(user)
  const orderId = await user.order(miner.billId, { capacity: CAPACITY, weeks: WEEKS, challenges: 4 })
  const log = seededBytes(SIZE, SEED * 1000 + i)
  const commitment = await until(`order ${orderId} to be stored`, () =>
    user.store(orderId, log, CAPACITY).catch(() => null),
  )
  await until(
    `order ${orderId} to be active`,
    async () => (await orderOf(world.devnet, orderId)).state === 'active',
  )
  return { orderId, user, miner, log, commitment, slashed: false, challenged: false }
}

/** The disk loses a piece of every order's data: a chunk's worth of bytes is noise from now on. */
function loseData(sectorPath: string): void {
  for (const name of readdirSync(sectorPath, { recursive: true }) as string[]) {
    const file = join(sectorPath, name)
    const stat = statSync(file)
    if (!stat.isFile() || stat.size < SIZE) continue
    const handle = openSync(file, 'r+')
    const length = 256 * 1024
    writeSync(
      handle,
      seededBytes(length, Math.floor(random() * 1e9)),
      0,
      length,
      Math.floor(random() * (SIZE - length)),
    )
    fsyncSync(handle)
    closeSync(handle)
  }
}

const check = ({ user, orderId }: Order) =>
  checkOrder({
    reader: user.reader,
    orderId,
    role: 'user',
    signer: user.hand.account,
    question: ({ size }) => ({ leaves: pickLeaves(size / 1024n, LEAVES, random) }),
    inForceSince: () => Date.now() - 86_400_000,
    allowPrivate: true,
    signal: new AbortController().signal,
    patienceMs: 15_000,
  })

/** On chain: an honest miner answers, whatever happens to it; one that lost the leaf can't. */
async function challenge(order: Order, leaf: bigint): Promise<'answered' | 'silent'> {
  await order.user.hand.act('challenge', [order.orderId, leaf])
  const answered = await until(
    'an answer',
    async () => (await orderOf(world.devnet, order.orderId)).challenge === null,
    order.miner.loses ? 4_000 : 60_000,
  ).catch(() => false)
  return answered ? 'answered' : 'silent'
}

describe(`${LONG ? 'thirty' : 'three'} days of a market`, () => {
  it(
    'end with every honest byte there, the cheater slashed, and every wei where it belongs',
    async () => {
      await world.start()
      const { client, market, token } = world.devnet
      const supply = () => client.readContract({ address: token, abi: tokenAbi, functionName: 'totalSupply' })
      const miners = await Promise.all(Array.from({ length: MINERS }, (_, i) => openMiner(i)))
      const orders = await Promise.all(
        Array.from({ length: ORDERS }, (_, i) => openOrder(i, miners[i % MINERS] as Miner)),
      )
      for (const miner of miners) miner.handles = handlesOf(miner.agent.pid)
      const ownHandles = handlesOf(process.pid)
      const before = await supply()
      let accusations = 0
      let kills = 0

      for (let day = 0; day < DAYS; day++) {
        if (day >= LOSES_FROM) for (const miner of miners) if (miner.loses) loseData(miner.sectorPath)
        // a kill in the middle of the day's checks
        const victim = miners[Math.floor(random() * MINERS)] as Miner
        const killing = (async () => {
          await new Promise((resolve) => setTimeout(resolve, random() * 1_500))
          await victim.agent.stop('SIGKILL')
          kills++
          await victim.agent.start()
        })()
        for (let round = 0; round < CHECKS; round++) {
          for (const order of orders.filter(({ slashed, challenged }) => !slashed && !challenged)) {
            const found = await check(order)
            if (found.outcome === 'passed' || !found.lost) continue
            if (found.failingLeaf === null) continue
            if (!order.miner.loses) accusations++
            if ((await challenge(order, found.failingLeaf)) === 'silent') order.challenged = true
          }
          proxies[Math.floor(random() * proxies.length)]?.cutAll()
        }
        await killing
        // one honest order a day is challenged on chain for nothing
        const calm = orders.filter(({ miner, slashed }) => !miner.loses && !slashed)
        const order = calm[day % calm.length] as Order
        if ((await orderOf(world.devnet, order.orderId)).reserve >= 10n ** 18n) {
          expect(await challenge(order, BigInt(Math.floor(random() * (SIZE / 1024)))), `day ${day}`).toBe(
            'answered',
          )
        }
        await world.devnet.anvil.increaseTime(DAY + 60n)
        for (const late of orders.filter(({ challenged }) => challenged)) {
          only(await late.user.hand.act('slash', [late.orderId, late.user.hand.address]), 'OrderSlashed')
          late.challenged = false
          late.slashed = true
        }
      }

      expect(kills).toBe(DAYS)
      expect(accusations).toBe(0)
      const cheated = orders.filter(({ miner }) => miner.loses)
      expect(cheated.map(({ slashed }) => slashed)).toEqual(cheated.map(() => true))
      expect(orders.filter(({ miner, slashed }) => slashed && !miner.loses)).toEqual([])

      // every honest byte
      for (const { user, orderId, log, commitment } of orders.filter(({ miner }) => !miner.loses)) {
        // all users come from one address here, which may not say hello as often as a month in minutes would have it
        const reader = await until(`a connection to the miner of order ${orderId}`, () =>
          user.connect(orderId),
        )
        const parts: Buffer[] = []
        for (let at = 0; at < SIZE; at += 1 << 20) {
          parts.push(await reader.data(at, Math.min(1 << 20, SIZE - at), commitment))
        }
        expect(Buffer.concat(parts).equals(log), `order ${orderId}`).toBe(true)
      }
      // handles: what an agent has open after all this is what it had at the start
      for (const user of users) await user.close()
      for (const proxy of proxies) proxy.cutAll()
      await until(
        'connections to be gone',
        async () => miners.every(({ agent, handles }) => handlesOf(agent.pid) <= handles + 5),
        60_000,
      )
      expect(handlesOf(process.pid)).toBeLessThanOrEqual(ownHandles + 10)

      // to the last wei: when all orders are over and all is withdrawn, the Market holds nothing
      await world.devnet.anvil.increaseTime(BigInt(WEEKS) * 7n * DAY)
      for (const { user, orderId, slashed } of orders) {
        if (!slashed && (await orderOf(world.devnet, orderId)).state === 'active')
          await user.hand.act('finish', [orderId])
      }
      for (const { hand, billId } of miners) await hand.act('cancelBill', [billId])
      const hands = [...miners.map(({ hand }) => hand), ...orders.map(({ user }) => user.hand)]
      for (const hand of hands)
        if ((await hand.money()).credit > 0n) await hand.act('withdraw', [hand.address])
      expect(await readMarket(client, { market }, 'trackedTotal', [])).toBe(0n)
      const inMarket = await client.readContract({
        address: token,
        abi: tokenAbi,
        functionName: 'balanceOf',
        args: [market],
      })
      expect(inMarket).toBe(0n)
      const burned = (await marketEvents(world.devnet, 'OrderSlashed')).reduce(
        (sum, { args }) => sum + args.burned,
        0n,
      )
      expect(burned).toBeGreaterThan(0n)
      expect(before - (await supply())).toBe(burned)
      // honest miners are paid in full, and every bond of a challenge for nothing is theirs
      for (const { hand, loses } of miners) {
        if (loses) expect(await hand.balance()).toBeLessThan(0n)
        else expect(await hand.balance()).toBeGreaterThan(0n)
      }
      // who was cheated has more than before, who was served has paid the price and the bonds that were answered
      for (const { user, slashed, orderId } of orders) {
        const balance = await user.hand.balance()
        if (slashed) expect(balance).toBeGreaterThan(0n)
        else {
          const answered = (await marketEvents(world.devnet, 'ChallengeAnswered')).filter(
            ({ args }) => args.orderId === orderId,
          )
          const created = (await marketEvents(world.devnet, 'OrderCreated')).find(
            ({ args }) => args.orderId === orderId,
          )
          const bonds = answered.reduce((sum, { args }) => sum + args.bond, 0n)
          expect(balance).toBe(-((created?.args.escrow ?? 0n) + bonds))
        }
      }
    },
    LONG ? 1_200_000 : 300_000,
  )
})
