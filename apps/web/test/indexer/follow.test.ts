import { marketCall } from '@dmc/core/chain/acts/market-call'
import { noteHead } from '@dmc/db/chain/note-head'
import { readChainState } from '@dmc/db/chain/read-chain-state'
import { findBill } from '@dmc/db/market/find-bill'
import { findOrder } from '@dmc/db/market/find-order'
import type { Database } from '@dmc/db/open-database'
import { rpc } from '@dmc/testkit/rpc'
import { type RpcProxy, startRpcProxy } from '@dmc/testkit/rpc-proxy'
import { createPublicClient, type Hex, http, type PublicClient } from 'viem'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { ENGINES, useDatabases } from '../../../../packages/db/test/databases.ts'
import { indexBlocks } from '../../src/server/indexer/index-blocks.ts'
import { createMarketFollower, type MarketFollower } from '../../src/server/indexer/market-follower.ts'
import { rollBack } from '../../src/server/indexer/roll-back.ts'
import { startIndexer } from '../../src/server/indexer/start-indexer.ts'
import { compareWithChain, dumpChain } from './compare-with-chain.ts'
import { EVENT_KINDS } from './event-kinds.ts'
import { ACCOUNTS, type MarketActs, MINERS, openMarketActs } from './market-acts.ts'

/** A small deterministic generator (mulberry32). */
function dice(seed: number) {
  let state = seed
  return (sides: number) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % sides
  }
}

const until = async (what: () => Promise<boolean>) => {
  for (const end = Date.now() + 20_000; Date.now() < end; ) {
    if (await what()) return
    await new Promise((go) => setTimeout(go, 30))
  }
  expect.fail('it did not come about within 20 s')
}

describe.each(ENGINES)('following a market on %s', (engine) => {
  const databases = useDatabases(engine)
  let acts: MarketActs
  let proxy: RpcProxy
  let client: PublicClient
  let db: Database
  beforeAll(async () => {
    acts = await openMarketActs()
    proxy = await startRpcProxy(acts.net.url)
    client = createPublicClient({
      transport: http(proxy.url, { batch: true, retryCount: 0, timeout: 1_000 }),
      cacheTime: 0,
    }) as PublicClient
    db = await databases.open()
  })
  afterAll(async () => {
    await proxy?.close()
    await acts?.net.stop()
  })
  beforeEach(() => {
    proxy.fault = null
    proxy.intercept = null
  })

  const options = (on: Database = db) => ({
    db: on,
    client,
    chainId: 31337,
    market: acts.net.market,
    secondLookMs: 1,
  })
  const settle = async (one: MarketFollower) => {
    for (let idle = 0, tries = 0; idle < 2 && tries < 500; tries++) {
      idle = (await one.step().catch(() => true)) ? 0 : idle + 1
    }
  }
  const position = async () => (await readChainState(db.prisma))?.nextBlock

  it.each([1, 2, 3])(
    'any run of acts, reorgs, kills, losses and lies of the node ends as the chain is (seed %i)',
    async (seed) => {
      const roll = dice(seed)
      const kinds = Object.values(EVENT_KINDS)
      let follower = createMarketFollower(options())
      for (let act = 0; act < 50; act++) {
        proxy.intercept = null
        proxy.fault = null
        switch (roll(8)) {
          case 0:
          case 1:
          case 2: {
            const cause = await kinds[roll(kinds.length)]?.(acts)
            if (roll(3) > 0) await cause?.()
            break
          }
          case 3:
            await acts.net.anvil.reorg(1 + roll(12))
            await acts.noise()
            break
          case 4:
            proxy.fault = (['down', 500, 'garbage', 'nulls', 'truncated'] as const)[roll(5)] ?? null
            break
          case 5: {
            // The head goes back, as on a node that lags.
            const behind = BigInt(1 + roll(20))
            proxy.intercept = async (call, forward) => {
              if (call.method !== 'eth_getBlockByNumber' || call.params[0] !== 'latest') return forward(call)
              const { number } = (await forward(call)) as { number: string }
              return forward({
                method: call.method,
                params: [`0x${(BigInt(number) - behind).toString(16)}`, false],
              })
            }
            break
          }
          case 6:
            // A node that has the blocks but not yet their logs.
            proxy.intercept = async (call, forward) => {
              if (call.method === 'eth_getLogs' && 'fromBlock' in (call.params[0] as object)) return []
              return forward(call)
            }
            break
          default:
            follower = createMarketFollower(options())
        }
        for (let i = roll(4); i > 0; i--) await follower.step().catch(() => {})
      }
      proxy.intercept = null
      proxy.fault = null
      await acts.noise()
      await settle(follower)
      await compareWithChain(db, acts.net, ACCOUNTS)
    },
  )

  it('two indexers at once on one database do no harm', async () => {
    const other = engine === 'postgresql' ? await databases.again() : db
    const [one, two] = [createMarketFollower(options()), createMarketFollower(options(other))]
    for (let round = 0; round < 12; round++) {
      if (round % 3 === 2) await acts.net.anvil.reorg(2)
      const orderId = await acts.active()
      await acts.prepare(orderId, round % 2 === 0 ? 0n : 1n, 8_192n)
      await Promise.all([one.step(), two.step(), one.step(), two.step()].map((step) => step.catch(() => {})))
    }
    await Promise.all([settle(one), settle(two)])
    await settle(one)
    await compareWithChain(db, acts.net, ACCOUNTS)
  })

  it('whoever thinks that the position is elsewhere writes nothing', async () => {
    const { nextBlock, parameters } = (await readChainState(db.prisma)) ?? expect.fail()
    const number = nextBlock + 5n
    const hash = `0x${'1'.repeat(64)}` as Hex
    const blocks = [{ number, hash, timestamp: 1n, events: [] }]
    const before = await dumpChain(db)
    expect(await indexBlocks(db, { from: number, to: number, blocks, parameters })).toBe(false)
    expect(await rollBack(db, { ancestor: nextBlock - 8n, position: nextBlock - 1n, parameters })).toBe(false)
    expect(await position()).toBe(nextBlock)
    expect(await db.prisma.chainBlock.count({ where: { number } })).toBe(0)
    expect(await dumpChain(db)).toEqual(before)
  })

  it('text that no database takes is kept in another form, and stops nothing', async () => {
    const billId = await acts.bill({ miner: MINERS[0] })
    await acts.act(MINERS[0], 'setEndpoint', [billId, 'https://a\u0000b.example/<script>'])
    const orderId = await acts.order(billId)
    await acts.act(MINERS[0], 'refuse', [orderId, 'no\u0000way "); DROP TABLE orders'])
    await settle(createMarketFollower(options()))
    expect((await findBill(db.prisma, billId))?.endpoint).toBe('https://a\uFFFDb.example/<script>')
    const order = await findOrder(db.prisma, orderId)
    expect(order?.refuseReason).toBe('no\uFFFDway "); DROP TABLE orders')
    expect(order?.events.map(({ name, confirmations }) => [name, confirmations])).toEqual([
      ['OrderCreated', 2n],
      ['OrderRefused', 1n],
    ])
    await acts.act(MINERS[0], 'setEndpoint', [billId, ''])
  })

  it('the same events of another Market are not this one’s', async () => {
    await settle(createMarketFollower(options()))
    const before = await db.prisma.marketEvent.count()
    const block = await position()
    const twin = '0x00000000000000000000000000000000000000d3'
    const code = await client.getCode({ address: acts.net.market })
    await rpc(acts.net.url, 'anvil_setCode', [twin, code])
    const { data } = marketCall(twin, 'setEndpoint', [0n, 'https://twin.example'])
    const hash = await rpc<Hex>(acts.net.url, 'eth_sendTransaction', [{ from: MINERS[0], to: twin, data }])
    await acts.net.anvil.mine()
    const { status, logs } = await client.getTransactionReceipt({ hash })
    expect([status, logs.length]).toEqual(['success', 1])
    await settle(createMarketFollower(options()))
    expect(await position()).toBe((block ?? 0n) + 1n)
    expect(await db.prisma.marketEvent.count()).toBe(before)
  })

  it('finds the block of deployment, takes far ranges in chunks and halves them when the node refuses', async () => {
    await acts.net.anvil.mine(600)
    await acts.noise()
    const ranges: number[] = []
    proxy.intercept = async (call, forward) => {
      const { fromBlock, toBlock } = (call.params[0] ?? {}) as { fromBlock?: string; toBlock?: string }
      if (call.method === 'eth_getLogs' && fromBlock !== undefined) {
        const blocks = Number(toBlock) - Number(fromBlock) + 1
        if (blocks > 150)
          throw Object.assign(new Error('query returned more than 150 blocks'), { code: -32602 })
        ranges.push(blocks)
      }
      return forward(call)
    }
    const fresh = engine === 'postgresql' ? await databases.open() : db
    const follower = createMarketFollower(options(fresh))
    if (fresh === db) follower.forget()
    await settle(follower)
    expect((await readChainState(fresh.prisma))?.deploymentBlock).toBe(acts.net.deploymentBlock)
    expect(Math.max(...ranges)).toBeGreaterThan(64)
    await compareWithChain(fresh, acts.net, ACCOUNTS)
    if (fresh !== db) {
      await settle(createMarketFollower(options()))
      expect(await dumpChain(fresh)).toEqual(await dumpChain(db))
    }
  })

  it('another chain’s id is refused, rows that contradict the chain are made again', async () => {
    const wrong = createMarketFollower({ ...options(), chainId: 5 })
    await expect(wrong.step()).rejects.toMatchObject({ code: 'WRONG_CHAIN' })
    const orderId = await acts.active()
    await settle(createMarketFollower(options()))
    await db.prisma.order.delete({ where: { orderId } })
    await acts.prepare(orderId, 0n, 2_048n)
    const troubles: unknown[] = []
    const indexer = startIndexer({
      ...options(),
      pollMs: 10,
      onTrouble: (error) => troubles.push(error?.code ?? null),
    })
    await until(async () => (await findOrder(db.prisma, orderId))?.userPrepare?.size === 2_048n)
    await until(async () => troubles.at(-1) === null)
    await indexer.close()
    expect(troubles[0]).not.toBeNull()
    await compareWithChain(db, acts.net, ACCOUNTS)
    expect((await readChainState(db.prisma))?.trouble).toBeNull()
  })

  it('the chain away and back is told once each, and where it stands', async () => {
    const troubles: (string | null)[] = []
    const heads: (string | null)[] = []
    const stop = await db.listen('head', (head) => heads.push(head))
    const indexer = startIndexer({
      ...options(),
      pollMs: 10,
      onTrouble: (error) => troubles.push(error?.code ?? null),
    })
    proxy.fault = 'down'
    await until(async () => (await readChainState(db.prisma))?.trouble?.code === 'RPC_UNREACHABLE')
    await acts.noise()
    proxy.fault = null
    await until(async () => troubles.at(-1) === null)
    const head = await acts.net.client.getBlockNumber({ cacheTime: 0 })
    await until(async () => (await position()) === head + 1n && heads.includes(String(head)))
    expect(troubles).toEqual(['RPC_UNREACHABLE', null])
    await indexer.close()
    await stop()
    const state = await readChainState(db.prisma)
    expect(state).toMatchObject({ headNumber: head, trouble: null })
    await noteHead(db.prisma, { number: head, timestamp: state?.headTime ?? 0n })
  })
})

describe('several web instances on one PostgreSQL', () => {
  const databases = useDatabases('postgresql')

  it('elect one indexer; when it goes, another takes over', async () => {
    const acts = await openMarketActs()
    try {
      const db = await databases.open()
      const others = [await databases.again(), await databases.again()]
      const asked = new Map<number, number>()
      const instances = [db, ...others].map((on, i) => {
        const client = createPublicClient({
          transport: http(acts.net.url, { onFetchRequest: () => void asked.set(i, (asked.get(i) ?? 0) + 1) }),
          cacheTime: 0,
        }) as PublicClient
        const shared = { chainId: 31337, market: acts.net.market, pollMs: 10, electionMs: 20 }
        return startIndexer({ db: on, client, ...shared })
      })
      const follows = async () => {
        const head = await acts.net.client.getBlockNumber({ cacheTime: 0 })
        return (await readChainState(db.prisma))?.nextBlock === head + 1n
      }
      for (let left = instances.length; left > 0; left--) {
        await acts.active()
        await until(follows)
        await compareWithChain(db, acts.net, ACCOUNTS)
        const working = [...asked.keys()]
        expect(working).toHaveLength(instances.length - left + 1)
        await instances[working.at(-1) ?? 0]?.close()
      }
    } finally {
      await acts.net.stop()
    }
  })
})
