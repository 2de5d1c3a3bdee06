import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { marketCall } from '@dmc/core/chain/acts/market-call'
import { decodeLogs, type MarketEvent } from '@dmc/core/chain/decode-log'
import { devAccount } from '@dmc/testkit/dev-accounts'
import { type Devnet, startDevnet } from '@dmc/testkit/devnet'
import { rpc } from '@dmc/testkit/rpc'
import { type RpcProxy, startRpcProxy } from '@dmc/testkit/rpc-proxy'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openStore, type Store } from '../store/open-store.ts'
import { createLogFollower, type FollowLogsOptions, followLogs } from './follow-logs.ts'
import { openRpcClient } from './rpc-client.ts'

let net: Devnet
let proxy: RpcProxy
let dir: string
let store: Store

beforeAll(async () => {
  net = await startDevnet({ blockTime: 'manual' })
  proxy = await startRpcProxy(net.url)
})
afterAll(async () => {
  await proxy?.close()
  await net?.stop()
})
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'dmc-follow-'))
  store = openStore(dir)
  store.db.exec(
    'CREATE TABLE seen (block INTEGER, hash TEXT, log INTEGER, url TEXT, PRIMARY KEY (hash, log))',
  )
  proxy.fault = null
  proxy.intercept = null
})
afterEach(() => {
  store.close()
  rmSync(dir, { recursive: true, force: true })
})

const CONFIRMATIONS = 2

/** A consumer as the account service is one: rows by event, taken back at a reorg. */
function consumer(overrides: Partial<FollowLogsOptions> = {}): FollowLogsOptions & { reorgs: bigint[] } {
  const insert = store.db.prepare('INSERT INTO seen VALUES (?, ?, ?, ?)')
  const reorgs: bigint[] = []
  return {
    reorgs,
    rpc: openRpcClient({
      urls: [proxy.url],
      chainId: 31337,
      confirmations: CONFIRMATIONS,
      pollMs: 5,
      timeoutMs: 1_000,
      rounds: 1,
    }),
    store,
    market: net.market,
    fromBlock: net.deploymentBlock,
    signal: new AbortController().signal,
    firstBackOffMs: 5,
    onEvents(events, { blockNumber, blockHash }) {
      for (const event of events) {
        expect(event.blockHash).toBe(blockHash)
        insert.run(blockNumber, blockHash, event.logIndex, urlOf(event))
      }
    },
    onReorg({ blockNumber }) {
      reorgs.push(blockNumber)
      store.db.prepare('DELETE FROM seen WHERE block > ?').run(blockNumber)
    },
    ...overrides,
  }
}

const urlOf = (event: MarketEvent) => (event.name === 'EndpointSet' ? event.args.url : event.name)
const seen = () => store.db.prepare('SELECT * FROM seen ORDER BY block, log').all()

/** What the chain itself says, read straight from the node. */
async function truth() {
  const head = await net.client.getBlockNumber({ cacheTime: 0 })
  const toBlock = head - BigInt(CONFIRMATIONS - 1)
  const logs = await net.client.getLogs({ address: net.market, fromBlock: net.deploymentBlock, toBlock })
  return decodeLogs(net.market, logs).map((event) => ({
    block: Number(event.blockNumber),
    hash: event.blockHash,
    log: event.logIndex,
    url: urlOf(event),
  }))
}

let count = 0
async function emit(who = 0): Promise<void> {
  const { data, to } = marketCall(net.market, 'setEndpoint', [0n, `http://127.0.0.1:${1024 + count++}`])
  await rpc(net.url, 'eth_sendTransaction', [{ from: devAccount(who).address, to, data, gas: '0x30d40' }])
}

/** Steps until nothing is left to read, as the loop of followLogs does. */
async function settle(options: FollowLogsOptions): Promise<void> {
  const follower = createLogFollower(options)
  for (let idle = 0, tries = 0; idle < 2 && tries < 500; tries++) {
    const more = await follower.step().catch(() => true)
    idle = more ? 0 : idle + 1
  }
}

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

describe('followLogs', () => {
  it('delivers confirmed events only, in order, and goes on where it stopped', async () => {
    const options = consumer()
    await settle(options)
    const before = seen().length
    await emit(0)
    await emit(1)
    await net.anvil.mine()
    await settle(options)
    expect(seen().length).toBe(before)
    await net.anvil.mine()
    await settle(options)
    expect(seen().length).toBe(before + 2)
    await emit(2)
    await net.anvil.mine(2)
    await settle(consumer())
    expect(seen()).toEqual(await truth())
  })

  it('waits for the disk where something has happened, and not at each block: a busy one held an agent up', async () => {
    const level = () => store.db.prepare('PRAGMA synchronous').get()?.synchronous
    const light: unknown[] = []
    const spied: Store = {
      ...store,
      lightTransaction(work) {
        light.push('begun')
        return store.lightTransaction(work)
      },
    }
    const during: unknown[] = []
    const onEvents = () => void during.push(level())
    const options = consumer({ store: spied, onEvents })
    await settle(options)
    during.length = 0
    light.length = 0
    await emit(0)
    await net.anvil.mine(CONFIRMATIONS)
    await settle(options)
    expect(during).toEqual([2])
    light.length = 0
    await net.anvil.mine(3)
    await settle(options)
    expect(during).toEqual([2])
    expect(light.length).toBeGreaterThan(0)
    // a kill takes nothing back: who comes next goes on behind it
    expect(createLogFollower(consumer()).nextBlock()).toBe(
      (await net.client.getBlockNumber({ cacheTime: 0 })) - BigInt(CONFIRMATIONS) + 2n,
    )
  })

  it.each([1, 2, 3, 4, 5, 6])('a reorg of depth %i, before and after the confirmations', async (depth) => {
    const options = consumer()
    for (let i = 0; i < 6; i++) {
      await emit(i % 3)
      await net.anvil.mine()
    }
    await settle(options)
    await net.anvil.reorg(depth)
    await emit(4)
    await net.anvil.mine(2)
    await settle(options)
    expect(seen()).toEqual(await truth())
    // The head had 1 unconfirmed block on top of what was read.
    expect(options.reorgs.length).toBe(depth >= CONFIRMATIONS ? 1 : 0)
  })

  it.each([1, 2, 3, 4])(
    'any run of blocks, reorgs, lies and losses ends as a replay of the final chain (seed %i)',
    async (seed) => {
      const roll = dice(seed)
      let options = consumer()
      let follower = createLogFollower(options)
      for (let act = 0; act < 60; act++) {
        proxy.intercept = null
        proxy.fault = null
        switch (roll(9)) {
          case 0:
          case 1:
          case 2:
            for (let i = roll(3); i >= 0; i--) await emit(roll(5))
            await net.anvil.mine(1 + roll(3))
            break
          case 3: {
            await net.anvil.reorg(1 + roll(6))
            if (roll(2) === 0) await emit(roll(5))
            await net.anvil.mine(1 + roll(2))
            break
          }
          case 4:
            proxy.fault = (['down', 500, 'garbage', 'nulls', 'truncated'] as const)[roll(5)] ?? null
            break
          case 5: {
            // The head goes back, as on a node that lags.
            const behind = BigInt(1 + roll(20))
            proxy.intercept = async (call, forward) => {
              const answer = await forward(call)
              if (call.method !== 'eth_blockNumber') return answer
              const head = BigInt(answer as string)
              return `0x${(head > behind ? head - behind : 0n).toString(16)}`
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
          case 7: {
            // Blocks that it announced are unknown to it.
            const unlucky = roll(3)
            let asked = 0
            proxy.intercept = async (call, forward) =>
              call.method === 'eth_getBlockByNumber' && ++asked % 3 === unlucky ? null : forward(call)
            break
          }
          default:
            // The process is killed and starts again.
            options = consumer()
            follower = createLogFollower(options)
        }
        for (let i = roll(4); i > 0; i--) await follower.step().catch(() => {})
      }
      proxy.intercept = null
      proxy.fault = null
      await net.anvil.mine(8)
      await settle(options)
      expect(await truth()).not.toHaveLength(0)
      expect(seen()).toEqual(await truth())
    },
  )

  it('catches up over many blocks in ranges, halved when the node limits them', async () => {
    for (let i = 0; i < 5; i++) {
      await emit(i)
      await net.anvil.mine(150)
    }
    const ranges: number[] = []
    proxy.intercept = async (call, forward) => {
      const { fromBlock, toBlock } = (call.params[0] ?? {}) as { fromBlock?: string; toBlock?: string }
      if (call.method === 'eth_getLogs' && fromBlock !== undefined) {
        const blocks = Number(toBlock) - Number(fromBlock) + 1
        ranges.push(blocks)
        if (blocks > 200) throw new Error('block range is too large, max is 200 blocks')
      }
      return forward(call)
    }
    await settle(consumer())
    expect(seen()).toEqual(await truth())
    expect(Math.max(...ranges)).toBeGreaterThan(200)
    expect(ranges.length).toBeLessThan(60)
  })

  it('rolls the cursor back with the consumer: a failing consumer gets the same events again', async () => {
    await emit()
    await net.anvil.mine(2)
    let failures = 2
    const options = consumer()
    const { onEvents } = options
    options.onEvents = (events, block) => {
      onEvents(events, block)
      if (failures-- > 0) throw new Error('disk full')
    }
    const follower = createLogFollower(options)
    await expect(follower.step()).rejects.toThrow('disk full')
    expect(seen()).toHaveLength(0)
    await settle(options)
    expect(seen()).toEqual(await truth())
  })

  it('asks one question while no block comes, and sees with the next one what replaced blocks meanwhile', async () => {
    await emit(0)
    await net.anvil.mine(3)
    const options = consumer({ onHint() {} })
    const follower = createLogFollower(options)
    while (await follower.step());
    proxy.calls.clear()
    for (let i = 0; i < 5; i++) expect(await follower.step()).toBe(false)
    expect(Object.fromEntries(proxy.calls)).toEqual({ eth_blockNumber: 5 })

    const head = await net.client.getBlockNumber({ cacheTime: 0 })
    await emit(1)
    await net.anvil.mine(2)
    while (await follower.step());
    const confirmed = seen().length
    await net.anvil.reorg(3)
    expect(await net.client.getBlockNumber({ cacheTime: 0 }), 'as many blocks, others').toBe(head + 2n)
    await follower.step()
    await net.anvil.mine()
    while (await follower.step());
    expect(options.reorgs).toHaveLength(1)
    expect(seen()).toHaveLength(confirmed - 1)
    expect(seen()).toEqual(await truth())
  })

  it('asks again for news that did not come', async () => {
    const hints: string[] = []
    const follower = createLogFollower(consumer({ onHint: (events) => hints.push(...events.map(urlOf)) }))
    while (await follower.step());
    await emit(2)
    await net.anvil.mine()
    proxy.intercept = async (call, forward) => {
      if (call.method === 'eth_getLogs' && 'fromBlock' in (call.params[0] as object)) throw new Error('busy')
      return forward(call)
    }
    await follower.step().catch(() => {})
    expect(hints).toEqual([])
    proxy.intercept = null
    while (await follower.step());
    expect(hints).toHaveLength(1)
  })

  it('hints at unconfirmed events once, and tells when the chain is out of reach', async () => {
    const hints: string[] = []
    const trouble: (string | null)[] = []
    const stop = new AbortController()
    const options = consumer({
      signal: stop.signal,
      onHint: (events) => hints.push(...events.map(urlOf)),
      onTrouble: (error) => trouble.push(error?.code ?? null),
    })
    const running = followLogs(options)
    const until = async (what: () => boolean) => {
      for (let i = 0; i < 500 && !what(); i++) await new Promise((resolve) => setTimeout(resolve, 10))
      expect(what()).toBe(true)
    }
    await emit()
    await net.anvil.mine()
    await until(() => hints.length > 0)
    expect(hints).toHaveLength(1)
    const confirmed = seen().length
    proxy.fault = 'down'
    await until(() => trouble.length === 1)
    proxy.fault = null
    await until(() => trouble.length === 2)
    expect(trouble).toEqual(['RPC_UNREACHABLE', null])
    await net.anvil.mine()
    await until(() => seen().length === confirmed + 1)
    stop.abort()
    await running
  })
})
