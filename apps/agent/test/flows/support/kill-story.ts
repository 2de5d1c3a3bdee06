import { rmSync } from 'node:fs'
import { join } from 'node:path'
import type { AgentProcess } from '@dmc/testkit/agent-process'
import type { Address } from 'viem'
import { expect } from 'vitest'
import type { SourceRow } from '../../../src/control/types.ts'
import type { CrashPoint } from '../../../src/store/crash-point.ts'
import { marketEvents, moneyOf, nonceOf, orderOf, statementsOf } from './chain.ts'
import { makeTree } from './make-tree.ts'
import { addSource, backUp, MIB, mustRestoreEqual, placeOrder, setUp, startMiner } from './steps.ts'
import { call, journalOf, until, type World } from './world.ts'

/** A miner and a user that every story of a file shares. */
export interface Pair {
  miner: AgentProcess
  user: AgentProcess
  wallet: Address
  operators: { user: Address; miner: Address }
}

export async function startPair(world: World): Promise<Pair> {
  await world.start()
  const plain = { plainHttp: true }
  const [miner, user] = await Promise.all([world.agent('miner', plain), world.agent('user', plain)])
  const [{ wallet }] = await Promise.all([
    setUp(world, user),
    startMiner(world, miner, { size: 1024n * MIB }),
    // both need the devnet only
  ])
  await user.start()
  const operatorOf = async (agent: AgentProcess) => (await call(agent, 'wallet.show', {})).operator.address
  return {
    miner,
    user,
    wallet: wallet.address,
    operators: { user: await operatorOf(user), miner: await operatorOf(miner) },
  }
}

/** What must have changed by exactly one order, one payment and one statement of each side. */
export async function countAll(world: World, { wallet, operators }: Pair) {
  const { devnet } = world
  return {
    orders: (await marketEvents(devnet, 'OrderCreated')).length,
    tokens: (await moneyOf(devnet, wallet)).token,
    walletNonce: await nonceOf(devnet, wallet),
    userNonce: await nonceOf(devnet, operators.user),
    minerNonce: await nonceOf(devnet, operators.miner),
  }
}

/** The source as its agent has it. */
export async function sourceRowOf(user: AgentProcess, sourceId: string): Promise<SourceRow> {
  const { sources } = await call(user, 'source.list', {})
  const row = sources.find((one) => one.sourceId === sourceId)
  if (!row) throw new Error(`no source ${sourceId}`)
  return row
}

/** The backup is over: nobody asked again, the agent went on by itself. */
export const untilBackedUp = (user: AgentProcess, sourceId: string, snapshots = 1) =>
  until(
    `the backup of ${sourceId} to finish by itself`,
    async () => {
      const row = await sourceRowOf(user, sourceId)
      if (row.state === 'failed') throw new Error('the backup failed')
      return row.snapshots === snapshots && row.state === 'ready' && row
    },
    120_000,
  )

/**
 * From a new source to a restore that is equal, with a kill -9 of one side at a named step on the way. Nothing is asked twice
 * but what a person would repeat: a command that was cut off before it had an order to show for.
 */
export async function killStory(
  world: World,
  pair: Pair,
  side: 'user' | 'miner',
  point: CrashPoint,
): Promise<void> {
  const { user, miner } = pair
  const victim = side === 'user' ? user : miner
  await victim.stop()
  await victim.start(60_000, { env: { DMC_TEST_CRASH_AT: point } })
  const revived = (async () => {
    const end = await victim.ended(180_000)
    if (end === null) throw new Error(`the ${side} never came to ${point}`)
    expect(end).toEqual({ code: null, signal: 'SIGKILL' })
    await victim.start()
  })()
  revived.catch(() => {})
  /** What was cut off by the kill is looked for after the restart. */
  const through = <T>(work: () => Promise<T>, after: () => Promise<T>): Promise<T> =>
    work().catch(async (error: unknown) => {
      if ((error as { code?: string }).code !== 'AGENT_NOT_RUNNING') throw error
      await revived
      return after()
    })

  const before = await countAll(world, pair)
  const path = makeTree(join(world.folder, point), point, 1_500_000)
  const sourceId = await through(
    () => addSource(user, path, point),
    () => addSource(user, path, point),
  )
  // 3 weeks of 4 MiB at 0.5 a GiB-week, and one challenge's bond
  const paid = ((10n ** 18n / 2n) * 4n * 3n) / 1024n + 10n ** 18n
  const orderId = await through(
    async () => (await placeOrder(user, sourceId, { capacityMib: 4n, weeks: 3, challenges: 1 })).orderId,
    () => until('the order to be linked', async () => (await sourceRowOf(user, sourceId)).orders[0]),
  )
  await through<unknown>(
    () => backUp(user, sourceId),
    () => untilBackedUp(user, sourceId),
  )
  await revived
  await untilBackedUp(user, sourceId)
  const after = await countAll(world, pair)
  expect(after).toEqual({
    orders: before.orders + 1,
    tokens: before.tokens - paid,
    walletNonce: before.walletNonce + 1,
    userNonce: before.userNonce + 1,
    minerNonce: before.minerNonce + 1,
  })
  const order = await orderOf(world.devnet, orderId)
  expect(order).toMatchObject({ state: 'active', userPrepare: null, minerPrepare: null })
  const stated = await statementsOf(world.devnet, orderId)
  expect(stated.map((one) => one.side).sort()).toEqual(['miner', 'user'])
  for (const { root, size } of stated) expect({ root, size }).toEqual(order.commitment)
  await mustBeDone(user, sourceId)
  const target = join(world.folder, `${point} restored`)
  await mustRestoreEqual(user, 'latest', path, target, sourceId)
  rmSync(target, { recursive: true })
}

/** Nothing is left in hand, and the journal has told of one backup that was done, and of no failure. */
export async function mustBeDone(user: AgentProcess, sourceId: string): Promise<void> {
  const { jobs, pendingTransactions } = await call(user, 'status.get', {})
  expect({ jobs, pendingTransactions }).toEqual({ jobs: [], pendingTransactions: [] })
  const told = (await journalOf(user)).filter(({ subject }) => subject === `source:${sourceId}`)
  expect(told.filter(({ event }) => event === 'backup-done')).toHaveLength(1)
  expect(told.filter(({ event }) => event === 'backup-failed')).toEqual([])
}
