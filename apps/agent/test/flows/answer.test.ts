import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { marketCall } from '@dmc/core/chain/acts/market-call'
import type { AgentProcess } from '@dmc/testkit/agent-process'
import { rpc } from '@dmc/testkit/rpc'
import { type RpcProxy, startRpcProxy } from '@dmc/testkit/rpc-proxy'
import { type Address, createWalletClient, type Hex, http, parseTransaction } from 'viem'
import type { PrivateKeyAccount } from 'viem/accounts'
import { beforeAll, describe, expect, it } from 'vitest'
import { marketEvents, nonceOf, orderOf } from './support/chain.ts'
import { act, answersOf, storedOrder } from './support/challenge.ts'
import { MIB, setUp, startMiner } from './support/steps.ts'
import { call, journalOf, until, useWorld } from './support/world.ts'

/** flow 14: a real miner's agent answers on-chain challenges by itself, whatever happens to it and to the chain. */
const world = useWorld()
let node: RpcProxy
let miner: AgentProcess
let user: AgentProcess
let wallet: PrivateKeyAccount
let operator: Address
let sectorPath: string

beforeAll(async () => {
  await world.start({ parameters: { cooldown: 1n } })
  node = await startRpcProxy(world.devnet.url)
  world.onEnd(() => node.close())
  miner = await world.agent('miner', { plainHttp: true, rpcUrl: node.url })
  // it would slash what these tests let be late
  user = await world.agent('user', { env: { DMC_SLASH_AUTOMATIC: 'false' } })
  const [mine, theirs] = await Promise.all([
    setUp(world, user),
    startMiner(world, miner, { size: 128n * MIB }),
  ])
  await user.start()
  ;({ wallet } = mine)
  ;({ sectorPath } = theirs)
  operator = (await call(miner, 'wallet.show', {})).operator.address
}, 120_000)

const open = async (orderId: bigint, leaf: bigint) =>
  (await act(world, wallet, 'challenge', [orderId, leaf])).blockNumber

const answered = (orderId: bigint, times = 1) =>
  until(`order ${orderId} to be answered`, async () => {
    const answers = await answersOf(world, orderId)
    return answers.length >= times && answers
  })

const rest = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
const alarmsOf = async () => (await call(miner, 'status.get', {})).attention
const openings = async (orderId: bigint) =>
  (await marketEvents(world.devnet, 'ChallengeOpened'))
    .filter(({ args }) => args.orderId === orderId)
    .map(({ blockNumber }) => blockNumber)

function inStore<T>(work: (db: DatabaseSync) => T): T {
  const db = new DatabaseSync(join(miner.dataDir, 'state.db'), { readOnly: true })
  try {
    return work(db)
  } finally {
    db.close()
  }
}

/** What the miner's agent has written down about an order's newest challenge. */
const stateOf = async (orderId: bigint) =>
  inStore(
    (db) =>
      db
        .prepare('SELECT state FROM answer_work WHERE order_id = ? ORDER BY deadline DESC')
        .get(String(orderId))?.state,
  )
const sends = (orderId: bigint) =>
  inStore((db) =>
    db.prepare('SELECT intent FROM chain_transaction WHERE intent LIKE ?').all(`answer:%:${orderId}:%`),
  )

describe('a challenge on chain', () => {
  it('is answered by the live miner within 3 blocks, by its operator key, once', async () => {
    const { orderId } = await storedOrder(world, user, 'alive')
    const opened = await open(orderId, 7n)
    const [answer] = await answered(orderId)
    expect(answer).toMatchObject({ leaf: 7n, by: operator })
    expect(Number((answer?.block ?? 0n) - opened)).toBeLessThanOrEqual(3)
    await until('the answer to be noted', async () =>
      (await journalOf(miner)).some(({ event }) => event === 'challenge-answered'),
    )
    expect(await answersOf(world, orderId)).toHaveLength(1)
    const { challenge, state } = await orderOf(world.devnet, orderId)
    expect({ challenge, state }).toEqual({ challenge: null, state: 'active' })
  })
})

describe('answering goes on', () => {
  it('a kill -9 between sending and confirmation, then a restart: one answer, one transaction', async () => {
    const { orderId } = await storedOrder(world, user, 'killed')
    const before = await nonceOf(world.devnet, operator)
    await miner.stop()
    await miner.start(60_000, { env: { DMC_TEST_CRASH_AT: 'answer-sent' } })
    await open(orderId, 3n)
    expect(await miner.ended(60_000)).toEqual({ code: null, signal: 'SIGKILL' })
    await miner.start()
    await answered(orderId)
    await until('the answer to be confirmed', async () => (await stateOf(orderId)) === 'confirmed')
    expect(await answersOf(world, orderId)).toHaveLength(1)
    expect(await nonceOf(world.devnet, operator)).toBe(before + 1)
  })

  it('challenged while the agent is down: answered after its start', async () => {
    const { orderId } = await storedOrder(world, user, 'asleep')
    await miner.stop()
    await open(orderId, 1n)
    await miner.start()
    await answered(orderId)
  })

  it('the RPC is away for half of the window, then back: answered; the alarm at half of it is told once', async () => {
    const { orderId } = await storedOrder(world, user, 'offline')
    node.fault = 'down'
    await open(orderId, 11n)
    await world.devnet.anvil.increaseTime(50_000)
    await rest(3000)
    node.fault = null
    await answered(orderId)
    await until('the answer to be confirmed', async () => (await stateOf(orderId)) === 'confirmed')
    const told = (await journalOf(miner)).filter(
      ({ event, message }) => event === 'alarm' && message.includes(`order ${orderId} is not answered yet`),
    )
    expect(told).toHaveLength(1)
    expect((await call(miner, 'status.get', {})).attention).toEqual([])
  })

  it('a reorg takes the answer off the chain: it is sent again, and stands', async () => {
    const { orderId } = await storedOrder(world, user, 'reorged')
    const opened = await open(orderId, 5n)
    const [first] = await answered(orderId)
    const { anvil } = world.devnet
    const depth = (await anvil.blockNumber()) - Number(first?.block) + 1
    expect(Number(first?.block)).toBeGreaterThan(Number(opened))
    await anvil.reorg(depth)
    await until('the answer to be confirmed', async () => {
      const { challenge } = await orderOf(world.devnet, orderId)
      return challenge === null && (await stateOf(orderId)) === 'confirmed'
    })
    expect(await answersOf(world, orderId)).toHaveLength(1)
  })

  it('a reorg deeper than the confirmations takes an answer that counted: it is sent again, with the same nonce', async () => {
    const { orderId } = await storedOrder(world, user, 'deep')
    const { anvil } = world.devnet
    // between challenge and answer, so that only the answer goes
    node.fault = 'down'
    await open(orderId, 6n)
    await anvil.mine(3)
    node.fault = null
    const [first] = await answered(orderId)
    await until('the answer to be confirmed', async () => (await stateOf(orderId)) === 'confirmed')
    const before = await nonceOf(world.devnet, operator)
    await anvil.reorg((await anvil.blockNumber()) - Number(first?.block) + 2)
    expect((await orderOf(world.devnet, orderId)).challenge).not.toBeNull()
    await until('it to be answered again', async () => {
      const { challenge } = await orderOf(world.devnet, orderId)
      return challenge === null && (await stateOf(orderId)) === 'confirmed'
    })
    expect(await answersOf(world, orderId)).toHaveLength(1)
    expect(await nonceOf(world.devnet, operator)).toBe(before)
  })

  it('a reorg takes the challenge: nothing is sent for it any more; when it comes again it is answered', async () => {
    const { orderId } = await storedOrder(world, user, 'vanished')
    await miner.stop()
    await open(orderId, 9n)
    node.intercept = async (asked, forward) => {
      if (asked.method === 'eth_sendRawTransaction') throw new Error('the connection was lost')
      return forward(asked)
    }
    await miner.start()
    await until('the answer to be tried', async () => (await stateOf(orderId)) === 'proven')
    const { anvil } = world.devnet
    await anvil.reorg(2 + (await anvil.blockNumber()) - Number((await openings(orderId)).at(-1)))
    expect((await orderOf(world.devnet, orderId)).challenge).toBeNull()
    node.intercept = null
    await rest(2000)
    await open(orderId, 9n)
    await answered(orderId)
    await until('the answer to be confirmed', async () => (await stateOf(orderId)) === 'confirmed')
    expect(await answersOf(world, orderId)).toHaveLength(1)
  })
})

describe('what stands in the way', () => {
  it('no gas: an alarm at once, then money, then the answer', async () => {
    const { orderId } = await storedOrder(world, user, 'poor')
    const { client, url } = world.devnet
    const had = await client.getBalance({ address: operator })
    await rpc(url, 'anvil_setBalance', [operator, '0x0'])
    await open(orderId, 2n)
    await until('the alarm', async () =>
      (await alarmsOf()).some(
        ({ message }) => message.includes('can’t be paid for') || message.includes("can't be paid for"),
      ),
    )
    await rpc(url, 'anvil_setBalance', [operator, `0x${had.toString(16)}`])
    await answered(orderId)
    await until('the alarm to be over', async () => (await alarmsOf()).length === 0)
  })

  it('the disk’s data is gone: an alarm at once; put back, it is answered', async () => {
    const { orderId } = await storedOrder(world, user, 'lost')
    const file = join(sectorPath, 'orders', `${orderId}.data`)
    await miner.stop()
    renameSync(file, `${file}.away`)
    await miner.start()
    await open(orderId, 4n)
    await until('the alarm', async () =>
      (await alarmsOf()).some(({ message }) =>
        message.includes(`Order ${orderId} is challenged and its data`),
      ),
    )
    renameSync(`${file}.away`, file)
    await answered(orderId)
    await until('the alarm to be over', async () => (await alarmsOf()).length === 0)
  })

  it('damaged data is never sent; repaired in another file it is answered', async () => {
    const { orderId } = await storedOrder(world, user, 'damaged')
    const file = join(sectorPath, 'orders', `${orderId}.data`)
    const good = readFileSync(file)
    const bad = Buffer.from(good)
    bad.fill(0xa5, 6 * 1024, 7 * 1024)
    writeFileSync(file, bad)
    const before = await nonceOf(world.devnet, operator)
    await open(orderId, 6n)
    await until('the alarm', async () =>
      (await alarmsOf()).some(({ message }) =>
        message.includes(`Order ${orderId} is challenged and its data`),
      ),
    )
    expect(await nonceOf(world.devnet, operator)).toBe(before)
    writeFileSync(`${file}.new`, good)
    renameSync(`${file}.new`, file)
    await answered(orderId)
  })
})

describe('many at once', () => {
  it('50 orders challenged together: all answered inside the window, no nonce is stuck, each once', async () => {
    const orders: bigint[] = []
    const wish = { bytes: 20_000, capacityMib: 1n, challenges: 1, weeks: 1 }
    for (let i = 0; i < 50; i += 5) {
      // side by side: most of the time they wait for blocks
      const five = Array.from({ length: 5 }, (_, k) => storedOrder(world, user, `many-${i + k}`, wish))
      for (const { orderId } of await Promise.all(five)) orders.push(orderId)
    }
    const before = await nonceOf(world.devnet, operator)
    const { client, url, market } = world.devnet
    const signer = createWalletClient({ chain: client.chain, transport: http(url), account: wallet })
    const first = await nonceOf(world.devnet, wallet.address)
    const started = performance.now()
    const hashes = await Promise.all(
      orders.map((orderId, i) => {
        const { to, data } = marketCall(market, 'challenge', [orderId, 0n])
        return signer.sendTransaction({ to, data, nonce: first + i, gas: 300_000n } as never)
      }),
    )
    await Promise.all(hashes.map((hash) => client.waitForTransactionReceipt({ hash })))
    const opened = (await marketEvents(world.devnet, 'ChallengeOpened')).filter(({ args }) =>
      orders.includes(args.orderId),
    )
    expect(opened).toHaveLength(50)
    const answered = async () =>
      (await marketEvents(world.devnet, 'ChallengeAnswered')).filter(({ args }) =>
        orders.includes(args.orderId),
      )
    await until('all to be answered', async () => (await answered()).length >= 50)
    const seconds = (performance.now() - started) / 1000
    expect(seconds).toBeLessThan(60)
    await until(
      'nothing to be on its way',
      async () => (await call(miner, 'status.get', {})).pendingTransactions.length === 0,
    )
    expect(await nonceOf(world.devnet, operator)).toBe(before + 50)
    for (const orderId of orders) {
      expect(await answersOf(world, orderId)).toHaveLength(1)
      expect(await stateOf(orderId)).toBe('confirmed')
    }
  }, 280_000)
})

describe('a deadline that has passed', () => {
  it('while the agent was down: an alarm, and nothing is ever sent for it', async () => {
    const { orderId } = await storedOrder(world, user, 'late')
    await miner.stop()
    await open(orderId, 0n)
    const before = await nonceOf(world.devnet, operator)
    await world.devnet.anvil.increaseTime(86_401)
    await miner.start()
    await until('the alarm', async () =>
      (await alarmsOf()).some(({ message }) => message.includes('had to be answered by')),
    )
    await rest(3000)
    expect(await nonceOf(world.devnet, operator)).toBe(before)
    expect(await stateOf(orderId)).toBe('failed')
    expect(sends(orderId)).toEqual([])
  })

  it('between signing and being mined: an empty transaction uses the nonce up, the answer is not sent again', async () => {
    const { orderId } = await storedOrder(world, user, 'toolate')
    const before = await nonceOf(world.devnet, operator)
    const sent: string[] = []
    let silent = true
    let tried = 0
    node.intercept = async (asked, forward) => {
      if (asked.method !== 'eth_sendRawTransaction') return forward(asked)
      if (silent) {
        tried++
        throw new Error('the connection was lost')
      }
      sent.push(String(asked.params[0]))
      return forward(asked)
    }
    await open(orderId, 0n)
    await until('the answer to be made', async () => (await stateOf(orderId)) === 'proven')
    // before that nothing is signed yet, and a deadline that has passed would leave the nonce alone
    await until('it to be tried', async () => tried > 0)
    const { timestamp } = await world.devnet.client.getBlock()
    await world.devnet.anvil.increaseTime(86_401)
    // until a block says so it is not late, and the answer is rightly sent
    await until(
      'a block after the deadline',
      async () => (await world.devnet.client.getBlock()).timestamp > timestamp + 86_400n,
    )
    await rest(500) // who has read the block before it has sent, into the silence
    silent = false
    await until('the nonce to be used up', async () => (await nonceOf(world.devnet, operator)) === before + 1)
    node.intercept = null
    expect(sent.length).toBeGreaterThan(0)
    for (const raw of sent) expect(parseTransaction(raw as Hex)).toMatchObject({ gas: 21_000n })
    expect(await answersOf(world, orderId)).toEqual([])
    await until('it to be noted as failed', async () => (await stateOf(orderId)) === 'failed')
  })
})
