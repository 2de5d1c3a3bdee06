import type { AgentProcess } from '@dmc/testkit/agent-process'
import { type EvilRpc, type RpcCheat, startEvilRpc } from '@dmc/testkit/cheaters/evil-rpc'
import { EvilUser } from '@dmc/testkit/cheaters/evil-user'
import type { Address } from 'viem'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { marketEvents, moneyOf, nonceOf, orderOf } from '../flows/support/chain.ts'
import { startMiner } from '../flows/support/steps.ts'
import { call, until, useWorld } from '../flows/support/world.ts'
import { seededBytes } from '../support/volume-bytes.ts'

/** A miner whose node lies or fails while it is challenged: it answers once, in time, and nothing of it is lost. */
const world = useWorld()
const BOND = 10n ** 18n
let node: EvilRpc
let miner: AgentProcess
let user: EvilUser
let operator: Address
let wallet: Address
let orderId: bigint

beforeAll(async () => {
  await world.start({ parameters: { cooldown: 1n } })
  node = await startEvilRpc(world.devnet.url)
  world.onEnd(() => node.close())
  miner = await world.agent('miner', { plainHttp: true, rpcUrl: node.url })
  const started = await startMiner(world, miner, { size: 32n << 20n })
  wallet = started.wallet.address
  operator = (await call(miner, 'wallet.show', {})).operator.address
  user = await EvilUser.open(world.devnet)
  orderId = await user.order(started.billId, { capacity: 2, challenges: 20 })
  const stored = () => user.store(orderId, seededBytes(1_500 * 1024, 1), 2).catch(() => null)
  await until('the order to be stored', stored)
  await until('it to be active', async () => (await orderOf(world.devnet, orderId)).state === 'active')
})
afterAll(() => user?.close())

const answers = async () =>
  (await marketEvents(world.devnet, 'ChallengeAnswered')).filter(({ args }) => args.orderId === orderId)

describe('a node that cheats', () => {
  it.each<[RpcCheat, number]>([
    ['stale', 1],
    ['lying-head', 1],
    ['hides-logs', 1],
    ['nulls', 0.5],
    ['resets', 0.5],
    ['429', 0.5],
  ])('%s: the challenge is answered once, when the truth can be had', async (kind, share) => {
    const [told, nonce] = [(await answers()).length, await nonceOf(world.devnet, operator)]
    const { token, credit } = await moneyOf(world.devnet, wallet)
    const { pledge } = await orderOf(world.devnet, orderId)
    await node.cheat(kind, share)
    await until('the cooldown', () => user.hand.act('challenge', [orderId, BigInt(told)]).catch(() => null))
    await new Promise((resolve) => setTimeout(resolve, 3_000))
    await node.cheat('honest')
    await until('the answer', async () => (await orderOf(world.devnet, orderId)).challenge === null)
    // some time for a second one, that must not come
    await new Promise((resolve) => setTimeout(resolve, 1_500))
    expect(await answers()).toHaveLength(told + 1)
    expect(await nonceOf(world.devnet, operator)).toBe(nonce + 1)
    const now = await moneyOf(world.devnet, wallet)
    expect(now.token + now.credit - token - credit).toBe(BOND)
    expect((await orderOf(world.devnet, orderId)).pledge).toBe(pledge)
    expect(miner.running).toBe(true)
  })
})
