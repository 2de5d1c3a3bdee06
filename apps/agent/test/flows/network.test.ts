import { rmSync } from 'node:fs'
import { join } from 'node:path'
import type { AgentProcess } from '@dmc/testkit/agent-process'
import { type FaultProxy, startFaultProxy } from '@dmc/testkit/fault-proxy'
import { freePort } from '@dmc/testkit/free-port'
import { type RpcFault, type RpcProxy, startRpcProxy } from '@dmc/testkit/rpc-proxy'
import { beforeAll, describe, expect, it } from 'vitest'
import { orderOf, statementsOf } from './support/chain.ts'
import { countAll, mustBeDone, type Pair } from './support/kill-story.ts'
import { makeTree } from './support/make-tree.ts'
import { addSource, backUp, MIB, mustRestoreEqual, placeOrder, setUp, startMiner } from './support/steps.ts'
import { call, journalOf, until, useWorld } from './support/world.ts'

/** Between the agents and the chain, and between the agents, stands something that breaks. */
const world = useWorld()
let node: RpcProxy
let wire: FaultProxy
let miner: AgentProcess
let user: AgentProcess
let pair: Pair
/** Cuts connection number n after so many bytes; null: leaves it alone. */
let cut: (connection: number) => number | null = () => null

beforeAll(async () => {
  await world.start()
  node = await startRpcProxy(world.devnet.url)
  const port = await freePort()
  wire = await startFaultProxy(
    () => port,
    (connection) => {
      const after = cut(connection)
      return after === null ? {} : { cutAfter: after }
    },
  )
  world.onEnd(() => Promise.all([node.close(), wire.close()]))
  const env = { DMC_PUBLIC_URL: `https://127.0.0.1:${wire.port}` }
  miner = await world.agent('miner', { rpcUrl: node.url, port, env })
  user = await world.agent('user', { rpcUrl: node.url })
  const [mine] = await Promise.all([setUp(world, user), startMiner(world, miner, { size: 512n * MIB })])
  await user.start()
  const operatorOf = async (agent: AgentProcess) => (await call(agent, 'wallet.show', {})).operator.address
  pair = {
    user,
    miner,
    wallet: mine.wallet.address,
    operators: { user: await operatorOf(user), miner: await operatorOf(miner) },
  }
})

const rest = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

describe('a chain that can’t be asked', () => {
  it('down for 20 s, then busy, broken, silent and behind, in the middle of a backup: it completes, everything once', async () => {
    const before = await countAll(world, pair)
    const path = makeTree(join(world.folder, 'rpc'), 'rpc', 6 << 20)
    const sourceId = await addSource(user, path, 'rpc')
    const { orderId, cost, reserve } = await placeOrder(user, sourceId, { capacityMib: 10n })
    let begin = () => {}
    const begun = new Promise<void>((resolve) => {
      begin = resolve
    })
    const finished = backUp(user, sourceId, begin)
    await begun
    const faults: [RpcFault, number][] = [
      ['down', 20_000],
      [429, 2000],
      ['garbage', 2000],
      ['nulls', 2000],
      ['hang', 2000],
    ]
    for (const [fault, ms] of faults) {
      node.fault = fault
      await rest(ms)
    }
    node.fault = null
    node.intercept = async ({ method, params }, forward) => {
      const answer = await forward({ method, params })
      if (method === 'eth_blockNumber') return `0x${Math.max(0, Number(answer) - 50).toString(16)}`
      return answer
    }
    await rest(3000)
    node.intercept = null
    const done = await finished
    expect(done.orderId).toBe(orderId)
    expect(await countAll(world, pair)).toEqual({
      orders: before.orders + 1,
      tokens: before.tokens - cost - reserve,
      walletNonce: before.walletNonce + 1,
      userNonce: before.userNonce + 1,
      minerNonce: before.minerNonce + 1,
    })
    await mustBeDone(user, sourceId)
    const events = (await journalOf(user)).map(({ event }) => event)
    expect(events).toContain('rpc-trouble')
    expect(events).toContain('rpc-back')
    await mustRestoreEqual(user, 'latest', path, join(world.folder, 'rpc restored'), sourceId)
  })

  it('the answer to the order’s transaction is lost: one order, one payment', async () => {
    const before = await countAll(world, pair)
    const path = makeTree(join(world.folder, 'lost'), 'lost', 100_000)
    const sourceId = await addSource(user, path, 'lost')
    let lost = 0
    node.intercept = async (asked, forward) => {
      const answer = await forward(asked)
      if (asked.method !== 'eth_sendRawTransaction' || lost++ > 0) return answer
      throw new Error('the connection was lost')
    }
    const { cost, reserve } = await placeOrder(user, sourceId, { capacityMib: 2n })
    node.intercept = null
    expect(lost).toBeGreaterThan(0)
    const { orders, tokens, walletNonce } = await countAll(world, pair)
    expect({ orders, tokens, walletNonce }).toEqual({
      orders: before.orders + 1,
      tokens: before.tokens - cost - reserve,
      walletNonce: before.walletNonce + 1,
    })
  })

  it('no RPC at all when the service starts: it starts, says so, and works once there is one', async () => {
    await user.stop()
    node.fault = 'down'
    await user.start()
    const { chain, attention } = await call(user, 'status.get', {})
    expect(chain.error).toMatchObject({ code: 'RPC_UNREACHABLE' })
    expect(attention[0]?.message).toContain('does not answer')
    node.fault = null
    await until(
      'the chain to be there',
      async () => (await call(user, 'status.get', {})).chain.error === null,
    )
  })
})

describe('a chain that changes its mind', () => {
  it('reorgs that drop order and statements on their way: sent again; one order, one payment, one statement of each side', async () => {
    const before = await countAll(world, pair)
    const path = makeTree(join(world.folder, 'reorgs'), 'reorgs', 2 << 20)
    const sourceId = await addSource(user, path, 'reorgs')
    let dropped = 0
    let shaking = true
    const { anvil, client } = world.devnet
    // the newest block is replaced by an empty one as soon as it has a transaction of ours; the first six times
    const shaken = (async () => {
      while (shaking && dropped < 6) {
        const { transactions } = await client.getBlock()
        if (transactions.length > 0) {
          await anvil.reorg(1)
          dropped++
        }
        await rest(50)
      }
    })()
    const { orderId, cost, reserve } = await placeOrder(user, sourceId, { capacityMib: 4n })
    const done = await backUp(user, sourceId)
    shaking = false
    await shaken
    expect(dropped).toBeGreaterThan(1)
    expect(done.orderId).toBe(orderId)
    expect((await orderOf(world.devnet, orderId)).commitment).toEqual(done.commitment)
    expect((await statementsOf(world.devnet, orderId)).map(({ side }) => side).sort()).toEqual([
      'miner',
      'user',
    ])
    expect(await countAll(world, pair)).toEqual({
      orders: before.orders + 1,
      tokens: before.tokens - cost - reserve,
      walletNonce: before.walletNonce + 1,
      userNonce: before.userNonce + 1,
      minerNonce: before.minerNonce + 1,
    })
    await mustBeDone(user, sourceId)
    await mustRestoreEqual(user, 'latest', path, join(world.folder, 'reorgs restored'), sourceId)
  })
})

describe('a configuration that means another chain', () => {
  const startsWith = async (env: Record<string, string>) => {
    const result = await user.cli(['run', '--json'], undefined, { env })
    return {
      exitCode: result.exitCode,
      ...(JSON.parse(result.stdout.trim().split('\n').at(-1) ?? '{}') as object),
    }
  }

  it('ends the start with 78: another chain id, no contract, another contract', async () => {
    await user.stop()
    expect(await startsWith({ DMC_CHAIN_ID: '1337' })).toMatchObject({ exitCode: 78, code: 'WRONG_CHAIN' })
    const nobody = `0x${'11'.repeat(20)}`
    expect(await startsWith({ DMC_MARKET: nobody })).toMatchObject({ exitCode: 78, code: 'NOT_A_DMC_MARKET' })
    const other = world.devnet.token
    expect(await startsWith({ DMC_MARKET: other })).toMatchObject({ exitCode: 78, code: 'NOT_A_DMC_MARKET' })
    await user.start()
  })
})

describe('a wire that breaks', () => {
  it('cut at random offsets, in the hello and in the data: backup and restore complete, equal', async () => {
    let seed = 7
    const random = () => {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fffffff
      return seed / 0x7fffffff
    }
    let cuts = 0
    const first = wire.accepted
    cut = (connection) => {
      if (connection - first >= 40) return null
      cuts++
      return Math.floor(random() < 0.5 ? random() * 6000 : random() * 2_000_000)
    }
    const path = makeTree(join(world.folder, 'cuts'), 'cuts', 10 << 20)
    const sourceId = await addSource(user, path, 'cuts')
    await placeOrder(user, sourceId, { capacityMib: 16n })
    const done = await backUp(user, sourceId)
    expect(done.unchanged).toBe(false)
    await mustRestoreEqual(
      user,
      done.snapshot.snapshotId,
      path,
      join(world.folder, 'cuts restored'),
      sourceId,
    )
    expect(cuts).toBeGreaterThan(5)
    cut = () => null
    rmSync(path, { recursive: true })
  })

  it('a miner that is down at first: the user waits, says so, and completes when it comes', async () => {
    await miner.stop()
    const path = makeTree(join(world.folder, 'waits'), 'waits', 1 << 20)
    const sourceId = await addSource(user, path, 'waits')
    await placeOrder(user, sourceId, { capacityMib: 4n })
    let waits = () => {}
    const waiting = new Promise<void>((resolve) => {
      waits = resolve
    })
    const said: string[] = []
    const command = user.cli(['backup', 'waits', '--json'], (line) => {
      const event = JSON.parse(line) as { type: string; stage?: string; text?: string }
      if (event.type !== 'stage' || event.stage !== 'waiting') return
      said.push(event.text ?? '')
      waits()
    })
    await waiting
    expect(said[0]).toMatch(/can't be reached .*Trying again in \d+ s/)
    const { jobs } = await call(user, 'status.get', {})
    expect(jobs).toMatchObject([{ kind: 'backup', subject: 'waits' }])
    await miner.start()
    expect((await command).exitCode).toBe(0)
    await mustRestoreEqual(user, 'latest', path, join(world.folder, 'waits restored'), sourceId)
  })
})
