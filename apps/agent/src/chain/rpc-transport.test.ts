import { reading } from '@dmc/core/chain/chain-error'
import { checkMarket } from '@dmc/core/chain/check-market'
import { readOrder } from '@dmc/core/chain/read-order'
import { DmcError } from '@dmc/core/errors/dmc-error'
import { type Devnet, startDevnet } from '@dmc/testkit/devnet'
import { type RpcProxy, startRpcProxy } from '@dmc/testkit/rpc-proxy'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createMarketReader } from './market-reader.ts'
import { redactUrl } from './redact-url.ts'
import { openRpcClient } from './rpc-client.ts'

let net: Devnet
let first: RpcProxy
let second: RpcProxy

beforeAll(async () => {
  net = await startDevnet({ blockTime: 'manual' })
  first = await startRpcProxy(net.url)
  second = await startRpcProxy(net.url)
})
afterAll(async () => {
  await first?.close()
  await second?.close()
  await net?.stop()
})
beforeEach(() => {
  for (const proxy of [first, second]) {
    proxy.fault = null
    proxy.intercept = null
    proxy.calls.clear()
  }
})

function open(urls: string[], onTrouble?: (url: string, error: DmcError | null) => void) {
  return openRpcClient({
    urls,
    chainId: 31337,
    timeoutMs: 1_000,
    rounds: 2,
    pauseMs: 5,
    pollMs: 10,
    ...(onTrouble === undefined ? {} : { onTrouble }),
  })
}

async function errorOf(work: Promise<unknown>): Promise<DmcError> {
  const error = await work.then(
    () => new Error('nothing was thrown'),
    (thrown: unknown) => thrown,
  )
  if (!DmcError.is(error)) throw error
  return error
}

describe('rpcTransport', () => {
  it('says at once that an answer is longer than it takes, so that less is asked for; the URL counts as well', async () => {
    const told: string[] = []
    const rpc = open([first.url, second.url], (url) => told.push(url))
    await rpc.client.getBlockNumber()
    first.intercept = async (call, forward) =>
      call.method === 'eth_getLogs' ? [{ data: 'f'.repeat(11 * 1024 * 1024) }] : forward(call)
    const error = await errorOf(
      reading('the events', () => rpc.client.getLogs({ fromBlock: 0n, toBlock: 10n })),
    )
    expect(error).toMatchObject({ code: 'RPC_BAD_ANSWER', retryable: true })
    expect(error.message).toContain('more than 10485760 bytes')
    expect([first.calls.get('eth_getLogs'), second.calls.get('eth_getLogs') ?? 0]).toEqual([1, 0])
    expect(told).toEqual([])
  })

  it.each(['down', 'hang', 429, 500, 'garbage', 'truncated', 'nulls', 'empty'] as const)(
    'goes to the next URL when one is %s, and says so once',
    async (fault) => {
      const told: string[] = []
      const rpc = open([first.url, second.url], (url, error) => told.push(`${url} ${error?.code ?? 'ok'}`))
      first.fault = fault
      expect(await rpc.head(0)).toBeGreaterThan(0n)
      expect(await rpc.head(0)).toBeGreaterThan(0n)
      expect(told).toHaveLength(1)
      expect(told[0]).toMatch(/RPC_(UNREACHABLE|BAD_ANSWER)$/)
      // The one that worked is asked first from then on.
      expect(second.calls.get('eth_blockNumber')).toBe(2)
    },
  )

  it('never uses a URL that stands on another chain, also when it comes back as one', async () => {
    const rpc = open([first.url])
    expect(await rpc.head(0)).toBeGreaterThan(0n)
    first.fault = 'down'
    await errorOf(rpc.head(0))
    first.fault = null
    first.intercept = async (call, forward) => (call.method === 'eth_chainId' ? '0x1' : forward(call))
    const error = await errorOf(rpc.head(0))
    expect(error.code).toBe('WRONG_CHAIN')
    expect(error.message).toContain('on chain 1, not on 31337')
    expect(await open([first.url, second.url]).head(0)).toBeGreaterThan(0n)
  })

  it('passes a revert on as it is, without asking elsewhere', async () => {
    const rpc = open([first.url, second.url])
    const error = await errorOf(readOrder(rpc.client, { market: net.market, orderId: 99n }))
    expect(error.code).toBe('ORDER_NOT_FOUND')
    expect(second.calls.size).toBe(0)
  })

  it('asks another node when one lacks the block', async () => {
    const rpc = open([first.url, second.url])
    first.intercept = async (call, forward) => {
      if (call.method === 'eth_call') throw Object.assign(new Error('header not found'), { code: -32000 })
      return forward(call)
    }
    const error = await errorOf(readOrder(rpc.client, { market: net.market, orderId: 99n }))
    expect(error.code).toBe('ORDER_NOT_FOUND')
  })

  it('stops at once when the agent does, also while a node is silent', async () => {
    const stop = new AbortController()
    const rpc = openRpcClient({ urls: [first.url], chainId: 31337, timeoutMs: 20_000, signal: stop.signal })
    first.fault = 'hang'
    const asking = errorOf(rpc.head(0))
    setTimeout(() => stop.abort(), 50)
    const before = performance.now()
    expect((await asking).code).toBe('INTERRUPTED')
    expect(performance.now() - before).toBeLessThan(15_000)
  })

  it('keeps keys in URLs out of every message', async () => {
    const secret = 'k3y-5ecret'
    const rpc = open([`${first.url}/v3/${secret}?token=${secret}`])
    first.fault = 'down'
    const error = await errorOf(rpc.head(0))
    expect(error.code).toBe('RPC_UNREACHABLE')
    expect(`${error.message} ${error.hint} ${JSON.stringify(error)} ${rpc.shownUrl}`).not.toContain(secret)
    expect(error.message).toContain(`${first.url}/…`)
    // Nor in what --debug shows, however deep.
    for (let at: unknown = error; at instanceof Error; at = at.cause) {
      expect(`${at.message} ${at.stack}`).not.toContain(secret)
    }
    const order = await errorOf(readOrder(rpc.client, { market: net.market, orderId: 1n }))
    for (let at: unknown = order; at instanceof Error; at = at.cause) {
      expect(`${at.message} ${at.stack}`).not.toContain(secret)
    }
    expect(redactUrl('wss://me:pw@host:1/x?y=z')).toBe('wss://host:1/…')
    expect(redactUrl('https://host/')).toBe('https://host')
    expect(redactUrl('nonsense')).toBe('(not a URL)')
  })
})

describe('checkMarket', () => {
  it('takes the Market, and nothing else', async () => {
    const { client } = open([first.url])
    await checkMarket(client, net.market)
    expect((await errorOf(checkMarket(client, net.token))).code).toBe('NOT_A_DMC_MARKET')
    const nobody = `0x${'12'.repeat(20)}` as const
    const error = await errorOf(checkMarket(client, nobody))
    expect(error.code).toBe('NOT_A_DMC_MARKET')
    expect(error.message).toContain('holds no contract')
    first.fault = 'down'
    expect((await errorOf(checkMarket(client, net.market))).code).toBe('RPC_UNREACHABLE')
  })
})

describe('createMarketReader', () => {
  it('answers from the confirmed head, and asks once for as long as that is the same', async () => {
    await net.anvil.mine(3)
    const reader = createMarketReader(open([first.url]), net.market)
    const owner = `0x${'12'.repeat(20)}` as const
    await Promise.all([1, 2, 3].map(() => reader.operator(owner, owner)))
    await reader.operator(owner, owner)
    expect(first.calls.get('eth_call')).toBe(1)
    await net.anvil.mine()
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(await reader.operator(owner, owner)).toEqual({ scopes: 0, expiresAt: 0n })
    expect(first.calls.get('eth_call')).toBe(2)
    expect((await errorOf(reader.bill(7n))).code).toBe('BILL_NOT_FOUND')
    const block = await net.client.getBlock()
    expect(await reader.chainTime()).toBe(block.timestamp)
  })
})
