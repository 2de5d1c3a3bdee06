import { copyFileSync, mkdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { OPERATOR_SCOPES } from '@dmc/core/chain/types'
import { DEFAULT_PARAMETERS } from '@dmc/core/market/parameters'
import { divideSlashedPledge } from '@dmc/core/market/pledge'
import type { AgentProcess } from '@dmc/testkit/agent-process'
import { freePort } from '@dmc/testkit/free-port'
import { rpc } from '@dmc/testkit/rpc'
import type { Address } from 'viem'
import { generatePrivateKey, type PrivateKeyAccount, privateKeyToAccount } from 'viem/accounts'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { marketEvents, moneyOf, nonceOf, orderOf } from './support/chain.ts'
import { act, answersOf, storedOrder } from './support/challenge.ts'
import { MIB, setUp, startMiner } from './support/steps.ts'
import { call, journalOf, until, useWorld } from './support/world.ts'

/** flow 14: who slashes a miner that missed its deadline, who answers in its stead, and what tells a person of it. */
const world = useWorld()
let miner: AgentProcess
let user: AgentProcess
let watcher: AgentProcess
let wallets: { user: PrivateKeyAccount; miner: PrivateKeyAccount; watcher: PrivateKeyAccount }
let operators: { user: Address; miner: Address; watcher: Address }
let sectorPath: string
let health: string

beforeAll(async () => {
  await world.start({ parameters: { cooldown: 1n } })
  const port = await freePort()
  health = `http://127.0.0.1:${port}/health`
  miner = await world.agent('miner', { plainHttp: true, env: { DMC_HEALTH_PORT: String(port) } })
  user = await world.agent('user')
  watcher = await world.agent('watcher')
  const [mine, theirs, third] = await Promise.all([
    setUp(world, user),
    startMiner(world, miner, { size: 64n * MIB }),
    setUp(world, watcher),
  ])
  await Promise.all([user.start(), watcher.start()])
  wallets = { user: mine.wallet, miner: theirs.wallet, watcher: third.wallet }
  ;({ sectorPath } = theirs)
  const operatorOf = async (agent: AgentProcess) => (await call(agent, 'wallet.show', {})).operator.address
  operators = {
    user: await operatorOf(user),
    miner: await operatorOf(miner),
    watcher: await operatorOf(watcher),
  }
  await world.devnet.fund(operators.watcher, { faucetCalls: 0 })
}, 120_000)

/** What one test stopped or told to look away is there again for the next, also when it failed. */
afterEach(async () => {
  await user.stop()
  for (const agent of [miner, user, watcher]) if (!agent.running) await agent.start()
}, 120_000)

const rest = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
const open = (orderId: bigint, leaf = 0n) => act(world, wallets.user, 'challenge', [orderId, leaf])
const creditOf = async (account: Address) => (await moneyOf(world.devnet, account)).credit
const slashesOf = async (orderId: bigint) =>
  (await marketEvents(world.devnet, 'OrderSlashed')).filter(({ args }) => args.orderId === orderId)
const slashed = (orderId: bigint) =>
  until(`order ${orderId} to be slashed`, async () => (await slashesOf(orderId))[0])
const letDeadlinePass = () => world.devnet.anvil.increaseTime(86_401)
/** Its own slashing is off, so that only the watcher does it. */
const userLooksAway = async () => {
  await user.stop()
  await user.start(60_000, { env: { DMC_SLASH_AUTOMATIC: 'false' } })
}

async function inState(agent: AgentProcess, code: string, args: string[]): Promise<string> {
  const result = await agent.cli(args)
  expect(result.stderr + result.stdout).toContain(code)
  expect(result.exitCode).not.toBe(0)
  return result.stderr
}

describe('a missed deadline', () => {
  it('is slashed by the user’s own agent just after it, for its wallet; never before', async () => {
    const { orderId } = await storedOrder(world, user, 'own')
    await miner.stop()
    await open(orderId)
    const deadline = (await orderOf(world.devnet, orderId)).challenge?.deadline ?? 0n
    const before = await orderOf(world.devnet, orderId)
    const credit = await creditOf(wallets.user.address)
    // the very last second in which an answer counts
    await world.devnet.anvil.setTime(deadline - 3n)
    await rest(500)
    expect(await slashesOf(orderId)).toEqual([])
    const event = await slashed(orderId)
    const { timestamp } = await world.devnet.client.getBlock({ blockNumber: event.blockNumber })
    expect(timestamp).toBeGreaterThan(deadline)
    expect(Number(timestamp - deadline)).toBeLessThan(60)
    expect(event.args.rewardTo).toBe(wallets.user.address)
    const { user: share, reporter } = divideSlashedPledge(before.pledge, DEFAULT_PARAMETERS)
    expect(await creditOf(wallets.user.address)).toBe(
      credit + before.escrow + before.reserve + before.bond + share + reporter,
    )
    await until('it to be told', async () =>
      (await journalOf(user)).some(
        ({ event: name, subject }) => name === 'order-slashed' && subject === `order:${orderId}`,
      ),
    )
  })

  it('is slashed by a watcher that was told to; the reward is its owner’s, the rest the user’s', async () => {
    const { orderId } = await storedOrder(world, user, 'watched')
    await watcher.json(['watch', 'add', String(orderId), '--slash'])
    await userLooksAway()
    await miner.stop()
    await open(orderId)
    const { pledge } = await orderOf(world.devnet, orderId)
    await letDeadlinePass()
    const event = await slashed(orderId)
    expect(event.args.rewardTo).toBe(wallets.watcher.address)
    expect(event.args.reward).toBe(divideSlashedPledge(pledge, DEFAULT_PARAMETERS).reporter)
    expect(await creditOf(wallets.watcher.address)).toBe(event.args.reward)
    expect(await creditOf(operators.watcher)).toBe(0n)
    await rest(2000)
    expect(await slashesOf(orderId)).toHaveLength(1)
  })

  it('a watcher that only answers slashes nothing', async () => {
    const { orderId } = await storedOrder(world, user, 'modest')
    const copy = join(world.folder, 'modest-copy')
    mkdirSync(copy)
    copyFileSync(join(sectorPath, 'orders', `${orderId}.data`), join(copy, `${orderId}.data`))
    await watcher.json(['watch', 'add', String(orderId), '--answer-from', copy])
    await userLooksAway()
    await Promise.all([miner.stop(), watcher.stop()])
    await open(orderId)
    await letDeadlinePass()
    const before = await nonceOf(world.devnet, operators.watcher)
    await watcher.start()
    await rest(8000)
    expect(await nonceOf(world.devnet, operators.watcher)).toBe(before)
    await watcher.json(['watch', 'remove', String(orderId)])
    // now the user's own agent may
    await user.stop()
    await user.start()
    await slashed(orderId)
  })
})

describe('the reward', () => {
  it('of an operator’s key is refused with its reason before anything is sent', async () => {
    const { orderId } = await storedOrder(world, user, 'greedy')
    const before = await nonceOf(world.devnet, operators.watcher)
    for (const operator of [operators.user, operators.miner]) {
      const said = await inState(watcher, 'MARKET_REWARD_TO_OPERATOR', [
        'watch',
        'add',
        String(orderId),
        '--reward-to',
        operator,
      ])
      expect(said).toContain('operators never earn')
    }
    await inState(watcher, 'MARKET_BAD_REWARD_ADDRESS', [
      'watch',
      'add',
      String(orderId),
      '--reward-to',
      world.devnet.market,
    ])
    expect((await call(watcher, 'watch.list', {})).watched.map((row) => row.orderId)).not.toContain(orderId)
    expect(await nonceOf(world.devnet, operators.watcher)).toBe(before)
  })

  it('of a wallet that has become an operator since: an alarm, nothing is sent; with another wallet it is slashed', async () => {
    const { orderId } = await storedOrder(world, user, 'turned')
    const friend = privateKeyToAccount(generatePrivateKey()).address
    await watcher.json(['watch', 'add', String(orderId), '--reward-to', friend])
    await act(world, wallets.miner, 'setOperator', [friend, BigInt(OPERATOR_SCOPES.REFUSE), 10n ** 11n])
    await userLooksAway()
    await miner.stop()
    await open(orderId)
    const before = await nonceOf(world.devnet, operators.watcher)
    await letDeadlinePass()
    await until('the alarm', async () =>
      (await call(watcher, 'status.get', {})).attention.some(({ message }) =>
        message.includes('operators never earn'),
      ),
    )
    expect(await nonceOf(world.devnet, operators.watcher)).toBe(before)
    expect((await watcher.cli(['status', '--health'])).exitCode).toBe(1)
    await watcher.json(['watch', 'add', String(orderId), '--slash'])
    expect((await slashed(orderId)).args.rewardTo).toBe(wallets.watcher.address)
    await until('the alarm to be over', async () => (await call(watcher, 'health.get', {})).ok)
    expect((await watcher.cli(['status', '--health'])).exitCode).toBe(0)
  })
})

describe('a watcher with the miner’s data', () => {
  it('answers in the miner’s stead, with its own gas; the bond is the miner’s', async () => {
    const { orderId } = await storedOrder(world, user, 'helped')
    const copy = join(world.folder, 'copy.bin')
    copyFileSync(join(sectorPath, 'orders', `${orderId}.data`), copy)
    await watcher.json(['watch', 'add', String(orderId), '--answer-from', copy])
    await miner.stop()
    const { bond } = await orderOf(world.devnet, orderId)
    const credit = await creditOf(wallets.miner.address)
    await open(orderId, 3n)
    const [answer] = await until('it to be answered', async () => {
      const answers = await answersOf(world, orderId)
      return answers.length > 0 && answers
    })
    expect(answer).toMatchObject({ by: operators.watcher, leaf: 3n })
    expect(await creditOf(wallets.miner.address)).toBe(credit + bond)
    await watcher.json(['watch', 'remove', String(orderId)])
  })

  it('other bytes are refused when they are named', async () => {
    const { orderId } = await storedOrder(world, user, 'forged')
    const copy = join(world.folder, 'forged.bin')
    writeFileSync(copy, Buffer.alloc(2 << 20, 7))
    await inState(watcher, 'SECTOR_DAMAGED', ['watch', 'add', String(orderId), '--answer-from', copy])
    writeFileSync(copy, Buffer.alloc(10))
    await inState(watcher, 'SECTOR_DAMAGED', ['watch', 'add', String(orderId), '--answer-from', copy])
    await inState(watcher, 'PATH_NOT_FOUND', ['watch', 'add', String(orderId), '--answer-from', world.folder])
    await inState(watcher, 'USAGE', ['watch', 'add', String(orderId)])
  })
})

describe('a watcher with the user’s stubs', () => {
  it('checks the miner while the user’s machine sleeps; what it can’t prove is an alarm', async () => {
    const { orderId } = await storedOrder(world, user, 'stubs')
    const stubs = join(world.folder, 'stubs.json')
    await user.json(['order', 'export-stubs', String(orderId), stubs])
    expect(statSync(stubs).mode & 0o777).toBe(0o600)
    await inState(user, 'TARGET_UNWRITABLE', ['order', 'export-stubs', String(orderId), stubs])
    await user.stop()
    await inState(watcher, 'SOURCE_UNKNOWN', ['watch', 'add', String(orderId), '--stubs', miner.passwordFile])
    await watcher.stop()
    // a check a minute
    await watcher.start(60_000, { env: { DMC_CHECKS_PER_DAY: '1440' } })
    await watcher.json(['watch', 'add', String(orderId), '--stubs', stubs])
    const checksOf = () => {
      const db = new DatabaseSync(join(watcher.dataDir, 'state.db'), { readOnly: true })
      try {
        return db
          .prepare('SELECT why, outcome, leaves FROM order_check WHERE order_id = ? ORDER BY n')
          .all(String(orderId))
      } finally {
        db.close()
      }
    }
    await until('the first check', async () => checksOf().length > 0)
    expect(checksOf()[0]).toEqual({ why: 'watch', outcome: 'passed', leaves: 20 })
    const file = join(sectorPath, 'orders', `${orderId}.data`)
    writeFileSync(file, Buffer.alloc(2 << 20, 7))
    await until(
      'the alarm',
      async () =>
        (await call(watcher, 'health.get', {})).alarms.some(({ key }) => key === `watch:${orderId}`),
      200_000,
    )
    await watcher.json(['watch', 'remove', String(orderId)])
  }, 280_000)
})

describe('by hand', () => {
  it('a challenge is listed and answered by command, once, with its plan shown first', async () => {
    const { orderId } = await storedOrder(world, user, 'hand')
    // the agent itself can't pay; the person looks at the plan meanwhile
    const { url, client } = world.devnet
    const had = await client.getBalance({ address: operators.miner })
    await rpc(url, 'anvil_setBalance', [operators.miner, '0x1'])
    await open(orderId, 1n)
    await until('the alarm', async () => !(await call(miner, 'health.get', {})).ok)
    const listed = (await call(miner, 'challenge.list', { all: false })).challenges
    expect(listed).toMatchObject([{ orderId, role: 'miner', leaf: 1n, state: 'open' }])
    const shown = await miner.cli(['challenge', 'answer', String(orderId), '--dry-run'])
    expect(shown.stdout).toMatch(/Earns the miner +1 DMC/)
    expect(shown.stdout).toMatch(/If nobody answers +anyone may slash/)
    expect(await inState(miner, 'NO_GAS', ['challenge', 'answer', String(orderId), '--yes'])).toContain(
      'Send at least',
    )
    // no block until the command has its transaction: the agent itself could be mined before a command has started
    await rpc(url, 'evm_setIntervalMining', [0])
    try {
      await rpc(url, 'anvil_setBalance', [operators.miner, `0x${had.toString(16)}`])
      const sent = await miner.cli(['challenge', 'answer', String(orderId), '--yes'], undefined, {
        onStderr: (text) => {
          if (/: sent, 0x/.test(text)) void rpc(url, 'evm_setIntervalMining', [1])
        },
      })
      expect(sent.stderr + sent.stdout).toContain(`The challenge of order ${orderId} is answered.`)
      expect(sent.exitCode).toBe(0)
    } finally {
      await rpc(url, 'evm_setIntervalMining', [1])
    }
    expect(await answersOf(world, orderId)).toHaveLength(1)
    await inState(miner, 'MARKET_NO_CHALLENGE', ['challenge', 'answer', String(orderId)])
    const all = (await call(miner, 'challenge.list', { all: true })).challenges
    expect(all.find((row) => row.orderId === orderId)).toMatchObject({
      state: 'answered',
      answer: 'confirmed',
    })
  })
})

describe('health', () => {
  it('is 200 while nothing needs a person, 503 with the alarms when something does', async () => {
    const { orderId } = await storedOrder(world, user, 'health')
    await until('health', async () => (await fetch(health)).status === 200)
    expect(await (await fetch(health)).json()).toMatchObject({ ok: true, alarms: [] })
    expect((await fetch(health, { method: 'POST' })).status).toBe(405)
    expect((await fetch(health.replace('/health', '/'))).status).toBe(404)
    // gas for less than a few answers: early, and no error yet
    const { url, client } = world.devnet
    const had = await client.getBalance({ address: operators.miner })
    const { baseFeePerGas } = await client.getBlock()
    const little = 300_000n * ((baseFeePerGas ?? 0n) * 2n + 10n ** 9n)
    await rpc(url, 'anvil_setBalance', [operators.miner, `0x${little.toString(16)}`])
    const warned = await until('a warning', async () => {
      const answer = await fetch(health)
      return answer.status === 503 && ((await answer.json()) as { alarms: { key: string; level: string }[] })
    })
    expect(warned.alarms).toMatchObject([{ key: 'gas', level: 'warning' }])
    expect((await fetch(`${health}?level=error`)).status).toBe(200)
    expect((await miner.cli(['status', '--health'])).exitCode).toBe(1)
    await rpc(url, 'anvil_setBalance', [operators.miner, `0x${had.toString(16)}`])
    await until('health', async () => (await fetch(health)).status === 200)
    // the key's authority ends before the order does
    const { timestamp } = await client.getBlock()
    await act(world, wallets.miner, 'setOperator', [operators.miner, 15n, timestamp + 86_400n])
    await until('an error', async () => (await fetch(`${health}?level=error`)).status === 503)
    expect(await (await fetch(health)).json()).toMatchObject({
      alarms: [{ key: 'operator', level: 'error' }],
    })
    await act(world, wallets.miner, 'setOperator', [operators.miner, 0n, 0n])
    await until('it to say that it is gone', async () =>
      (await call(miner, 'health.get', {})).alarms.some(({ message }) =>
        message.includes('never authorised, or expired'),
      ),
    )
    await act(world, wallets.miner, 'setOperator', [operators.miner, 15n, timestamp + 40_000_000n])
    await until('health', async () => (await fetch(health)).status === 200)
    const told = (await journalOf(miner)).filter(
      ({ event, data }) => event === 'alarm' && data.alarm === 'gas',
    )
    expect(told.length).toBeLessThanOrEqual(2)
    expect(orderId).toBeGreaterThan(0n)
    await miner.stop()
    expect((await miner.cli(['status', '--health'])).exitCode).toBe(78)
  })
})
