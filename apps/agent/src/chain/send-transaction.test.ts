import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { marketCall } from '@dmc/core/chain/acts/market-call'
import { approveCall, faucetCall } from '@dmc/core/chain/acts/token-call'
import { tokenAbi } from '@dmc/core/chain/generated/token-abi'
import { DmcError } from '@dmc/core/errors/dmc-error'
import { devAccount } from '@dmc/testkit/dev-accounts'
import { type Devnet, startDevnet } from '@dmc/testkit/devnet'
import { rpc } from '@dmc/testkit/rpc'
import { type RpcProxy, startRpcProxy } from '@dmc/testkit/rpc-proxy'
import { type LocalAccount, parseEther } from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openJournal } from '../store/journal.ts'
import { openStore, type Store } from '../store/open-store.ts'
import { openRpcClient } from './rpc-client.ts'
import { createTransactionSender, type TransactionSender } from './send-transaction.ts'
import type { SenderOptions, TransactionRequest } from './transaction-types.ts'

let net: Devnet
let proxy: RpcProxy
let wallet: LocalAccount
let dir: string
let open: { sender: TransactionSender; store: Store }[]

beforeAll(async () => {
  net = await startDevnet({ blockTime: 'manual' })
  proxy = await startRpcProxy(net.url)
})
afterAll(async () => {
  await proxy?.close()
  await net?.stop()
})
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'dmc-send-'))
  wallet = privateKeyToAccount(generatePrivateKey())
  open = []
  proxy.fault = null
  proxy.intercept = null
  await net.fund(wallet.address, { faucetCalls: 0 })
})
afterEach(async () => {
  proxy.fault = null
  proxy.intercept = null
  for (const { sender, store } of open) {
    await sender.close()
    store.close()
  }
  rmSync(dir, { recursive: true, force: true })
})

function start(options: Partial<SenderOptions> = {}) {
  const store = openStore(dir)
  const journal = openJournal(store)
  const rpcClient = openRpcClient({
    urls: [proxy.url],
    chainId: 31337,
    confirmations: 3,
    pollMs: 20,
    timeoutMs: 1_000,
    rounds: 2,
    pauseMs: 10,
  })
  const sender = createTransactionSender({
    store,
    journal,
    rpc: rpcClient,
    market: net.market,
    accounts: [wallet],
    firstBackOffMs: 20,
    rebroadcastMs: 100,
    ...options,
  })
  const one = { sender, store, journal }
  open.push(one)
  return one
}

/** As a kill would leave it: no clean stop, only the file. */
async function crash(one: { sender: TransactionSender; store: Store }) {
  await one.sender.close()
  one.store.close()
  open = open.filter((other) => other.store !== one.store)
}

const faucet = (intent = 'faucet:1'): TransactionRequest => ({
  intent,
  account: wallet,
  call: faucetCall(net.token),
})
const nonceOf = (account = wallet) => net.client.getTransactionCount({ address: account.address })
const tokensOf = () =>
  net.client.readContract({
    address: net.token,
    abi: tokenAbi,
    functionName: 'balanceOf',
    args: [wallet.address],
  })
const FAUCET = parseEther('100000')
const rowOf = (store: Store, intent = 'faucet:1') =>
  store.db.prepare('SELECT state, nonce, hash FROM chain_transaction WHERE intent = ?').get(intent) as
    | { state: string; nonce: number; hash: string }
    | undefined

/** Mines while `work` runs. */
async function mining<T>(work: Promise<T>): Promise<T> {
  const timer = setInterval(() => void net.anvil.mine().catch(() => {}), 40)
  try {
    return await work
  } finally {
    clearInterval(timer)
  }
}

async function until(what: () => unknown, ms = 10_000): Promise<void> {
  const deadline = Date.now() + ms
  while (!(await what())) {
    if (Date.now() > deadline) throw new Error(`never true: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work
    return 'no error'
  } catch (error) {
    return DmcError.is(error) ? error.code : String(error)
  }
}

const pooled = async () => {
  const status = await rpc<{ pending: string }>(net.url, 'txpool_status')
  return Number(status.pending)
}

describe('send', () => {
  it('waits for its confirmations and tells what happened', async () => {
    const { sender, store } = start()
    const seen: string[] = []
    const result = await mining(
      sender.send(faucet(), {
        onProgress: (at) => seen.push(`${at.state} ${at.confirmations}/${at.wanted}`),
      }),
    )
    expect(await tokensOf()).toBe(FAUCET)
    expect(seen[0]).toBe('sent 0/3')
    expect(seen.at(-1)).toBe('confirmed 3/3')
    expect(result.gasUsed).toBeGreaterThan(21_000n)
    const receipt = await net.client.getTransactionReceipt({ hash: result.hash })
    expect(result.feeWei).toBe(receipt.gasUsed * receipt.effectiveGasPrice)
    expect(await net.client.getBlockNumber()).toBeGreaterThanOrEqual(result.blockNumber + 2n)
    expect(rowOf(store)?.state).toBe('confirmed')
  })

  it('sends one transaction per intent, however often it is asked for, also at the same time and after a restart', async () => {
    const first = start()
    const results = await mining(Promise.all([1, 2, 3].map(() => first.sender.send(faucet()))))
    expect(new Set(results.map((result) => result.hash)).size).toBe(1)
    await crash(first)
    const second = start()
    const again = await second.sender.send(faucet())
    expect(again).toEqual(results[0])
    expect(await nonceOf()).toBe(1)
  })

  it('gives nonces in order to many transactions at once', async () => {
    const { sender } = start()
    const intents = Array.from({ length: 8 }, (_, i) => `approve:${i}`)
    const results = await mining(
      Promise.all(
        intents.map((intent, i) =>
          sender.send({ intent, account: wallet, call: approveCall(net.token, net.market, BigInt(i)) }),
        ),
      ),
    )
    expect(results.map((result) => result.nonce)).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
    expect(await nonceOf()).toBe(8)
  })

  it('a node that is far away is asked once before it gets the transaction, not once for each thing to know', async () => {
    const { sender } = start()
    await mining(sender.send(faucet('faucet:near')))
    const AWAY = 300
    let arrived = 0
    proxy.intercept = async (call, forward) => {
      if (call.method === 'eth_sendRawTransaction') arrived ||= performance.now()
      await new Promise((resolve) => setTimeout(resolve, AWAY))
      return forward(call)
    }
    const asked = performance.now()
    const sent = sender.send(faucet('faucet:far'))
    while (arrived === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    proxy.intercept = null
    await mining(sent)
    // one way there and back, and the way there; it was ten
    expect(arrived - asked).toBeGreaterThan(AWAY)
    expect(arrived - asked).toBeLessThan(3 * AWAY)
  })

  it('sends nothing when it would revert, and says why', async () => {
    const { sender, store } = start()
    const call = marketCall(net.market, 'cancelBill', [9n])
    await expect(sender.send({ intent: 'x', account: wallet, call })).rejects.toMatchObject({
      code: 'MARKET_UNKNOWN_BILL',
    })
    expect(rowOf(store, 'x')).toBeUndefined()
    expect(await nonceOf()).toBe(0)
  })

  it('sends nothing without gas, tokens or allowance, and says how much is there and how much is needed', async () => {
    const { sender, store } = start()
    const poor = privateKeyToAccount(generatePrivateKey())
    const call = approveCall(net.token, net.market, 1n)
    await expect(sender.send({ intent: 'a', account: poor, call })).rejects.toMatchObject({
      code: 'NO_GAS',
      message: expect.stringContaining('has 0 ETH'),
    })
    const takes = { token: net.token, spender: net.market, amount: 5n * 10n ** 18n }
    await expect(sender.send({ intent: 'b', account: wallet, call, takes })).rejects.toMatchObject({
      code: 'NO_TOKEN',
      message: `${wallet.address} has 0 DMC; 5 DMC are needed.`,
    })
    await mining(sender.send(faucet()))
    await expect(sender.send({ intent: 'b', account: wallet, call, takes })).rejects.toMatchObject({
      code: 'NO_ALLOWANCE',
      message: `The Market may take 0 DMC of ${wallet.address}; 5 DMC are needed.`,
    })
    expect(rowOf(store, 'a') ?? rowOf(store, 'b')).toBeUndefined()
    expect(await nonceOf()).toBe(1)
  })

  it('a mined revert is an error with the reason, and repeated only when told', async () => {
    const { sender, store } = start()
    // Between simulation and inclusion the ground changes: a tenth faucet call by somebody with the same key.
    proxy.intercept = async (call, forward) => {
      if (call.method === 'eth_sendRawTransaction') {
        await rpc(net.url, 'anvil_setStorageAt', [
          net.token,
          await takenSlot(wallet.address),
          `0x${parseEther('1000000').toString(16).padStart(64, '0')}`,
        ])
      }
      return forward(call)
    }
    expect(await codeOf(mining(sender.send(faucet())))).toBe('MARKET_FAUCET_LIMIT')
    proxy.intercept = null
    expect(rowOf(store)?.state).toBe('failed')
    expect(await codeOf(sender.send(faucet()))).toBe('MARKET_FAUCET_LIMIT')
    expect(await nonceOf()).toBe(1)
    await rpc(net.url, 'anvil_setStorageAt', [
      net.token,
      await takenSlot(wallet.address),
      `0x${'0'.repeat(64)}`,
    ])
    await mining(sender.send({ ...faucet(), retryFailed: true }))
    expect(await nonceOf()).toBe(2)
    expect(await tokensOf()).toBe(FAUCET)
  })
})

/** Storage slot of `taken[account]`, found by trying. */
async function takenSlot(account: string): Promise<string> {
  const { encodeAbiParameters, keccak256 } = await import('viem')
  for (let base = 0n; base < 20n; base++) {
    const slot = keccak256(
      encodeAbiParameters([{ type: 'address' }, { type: 'uint256' }], [account as `0x${string}`, base]),
    )
    const before = await rpc<string>(net.url, 'eth_getStorageAt', [net.token, slot, 'latest'])
    const probe = `0x${'77'.padStart(64, '0')}`
    await rpc(net.url, 'anvil_setStorageAt', [net.token, slot, probe])
    const taken = await net.client.readContract({
      address: net.token,
      abi: tokenAbi,
      functionName: 'taken',
      args: [account as `0x${string}`],
    })
    await rpc(net.url, 'anvil_setStorageAt', [net.token, slot, before])
    if (taken === 0x77n) return slot
  }
  throw new Error('no slot')
}

describe('after a crash', () => {
  it('between record and broadcast: sent once, by the next start alone', async () => {
    const first = start()
    // Everything works until the transaction is to leave.
    proxy.intercept = (call, forward) =>
      call.method === 'eth_sendRawTransaction' ? new Promise(() => {}) : forward(call)
    const lost = first.sender.send(faucet())
    lost.catch(() => {})
    await until(() => rowOf(first.store)?.state === 'recorded')
    await until(() => (proxy.calls.get('eth_sendRawTransaction') ?? 0) > 0)
    await crash(first)
    proxy.intercept = null
    expect(await pooled()).toBe(0)

    const second = start()
    second.sender.resumeTransactions()
    await mining(until(() => rowOf(second.store)?.state === 'confirmed'))
    const result = await second.sender.send(faucet())
    expect(result.nonce).toBe(0)
    expect(await nonceOf()).toBe(1)
    expect(await tokensOf()).toBe(FAUCET)
  })

  it('after the broadcast, its answer lost: one transaction on chain', async () => {
    const first = start()
    proxy.intercept = async (call, forward) => {
      const result = await forward(call)
      return call.method === 'eth_sendRawTransaction' ? new Promise(() => {}) : result
    }
    const lost = first.sender.send(faucet())
    lost.catch(() => {})
    await until(async () => (await pooled()) === 1)
    await crash(first)
    proxy.intercept = null

    const second = start()
    const result = await mining(second.sender.send(faucet()))
    expect(result.nonce).toBe(0)
    await net.anvil.mine(3)
    expect(await nonceOf()).toBe(1)
    expect(await tokensOf()).toBe(FAUCET)
  })

  it('after it was mined, before anybody saw it', async () => {
    const first = start()
    const lost = first.sender.send(faucet())
    lost.catch(() => {})
    await until(async () => (await pooled()) === 1)
    await crash(first)
    await net.anvil.mine(5)
    const second = start()
    const result = await second.sender.send(faucet())
    expect(result.nonce).toBe(0)
    expect(await nonceOf()).toBe(1)
  })
})

describe('when the chain misbehaves', () => {
  it('a dropped transaction is sent again, the same bytes', async () => {
    const { sender, store } = start()
    const sending = sender.send(faucet())
    await until(async () => (await pooled()) === 1)
    await rpc(net.url, 'anvil_dropTransaction', [rowOf(store)?.hash])
    expect(await pooled()).toBe(0)
    const result = await mining(sending)
    expect(result.hash).toBe(rowOf(store)?.hash)
    expect(await nonceOf()).toBe(1)
  })

  it('a transaction that nobody mines is offered dearer with the same nonce', async () => {
    const { sender, store } = start({ bumpAfterMs: 150 })
    const sending = sender.send(faucet())
    await until(async () => (await pooled()) === 1)
    const before = rowOf(store)
    // Recorded first, then in the pool in place of the first form.
    await until(() => rowOf(store)?.hash !== before?.hash)
    await until(async () => (await rpc(net.url, 'eth_getTransactionByHash', [before?.hash])) === null)
    expect(await pooled()).toBe(1)
    expect(rowOf(store)?.nonce).toBe(before?.nonce)
    const result = await mining(sending)
    expect(result.hash).not.toBe(before?.hash)
    expect(await nonceOf()).toBe(1)
    expect(await tokensOf()).toBe(FAUCET)
  })

  it('what is urgent is offered bolder as its deadline comes nearer, up to what is at stake, and no further', async () => {
    const { sender, store, journal } = start({ bumpAfterMs: 600_000 })
    const { timestamp } = await net.client.getBlock()
    const mostWei = 3_000_000n * 10n ** 10n
    // 4 s of a minute are left: a sixteenth of that passes between two offers
    const urgency = { deadline: timestamp + 4n, window: 60n, mostWei }
    const sending = sender.send({ ...faucet(), urgency })
    sending.catch(() => {})
    const fees = () =>
      store.db.prepare('SELECT max_fee, gas FROM chain_transaction').get() as { max_fee: string; gas: string }
    await until(async () => (await pooled()) === 1)
    const first = BigInt(fees().max_fee)
    await until(() => BigInt(fees().max_fee) >= first * 4n)
    await until(() => journal.list().some(({ event }) => event === 'tx-fee-cap'))
    const { max_fee, gas } = fees()
    expect(BigInt(max_fee) * BigInt(gas)).toBeLessThanOrEqual(mostWei)
    await mining(sending)
    expect(await nonceOf()).toBe(1)
    expect(await tokensOf()).toBe(FAUCET)
  })

  it('what waits before something urgent is hurried too', async () => {
    const { sender, store } = start({ bumpAfterMs: 600_000 })
    const ahead = sender.send(faucet('faucet:ahead'))
    await until(async () => (await pooled()) === 1)
    const before = rowOf(store, 'faucet:ahead')?.hash
    const { timestamp } = await net.client.getBlock()
    const urgency = { deadline: timestamp + 4n, window: 60n, mostWei: 10n ** 17n }
    const hurried = sender.send({ ...faucet('faucet:urgent'), urgency })
    hurried.catch(() => {})
    await until(() => rowOf(store, 'faucet:ahead')?.hash !== before)
    await mining(Promise.allSettled([ahead, hurried]))
    expect(await nonceOf()).toBe(2)
  })

  it('gas that is dearer than what is at stake: nothing is recorded, GAS_TOO_DEAR', async () => {
    const { sender, store } = start()
    const { timestamp } = await net.client.getBlock()
    const urgency = { deadline: timestamp + 600n, window: 86_400n, mostWei: 1000n }
    expect(await codeOf(sender.send({ ...faucet(), urgency }))).toBe('GAS_TOO_DEAR')
    expect(rowOf(store)).toBeUndefined()
  })

  it('its deadline passes in the pool: an empty transaction takes its nonce, what comes after it goes through', async () => {
    const { sender, store, journal } = start()
    const { timestamp } = await net.client.getBlock()
    const urgency = { deadline: timestamp + 600n, window: 86_400n, mostWei: 10n ** 17n }
    const late = sender.send({ ...faucet('faucet:late'), urgency })
    late.catch(() => {})
    await until(async () => (await pooled()) === 1)
    await rpc(net.url, 'anvil_dropTransaction', [rowOf(store, 'faucet:late')?.hash])
    await net.anvil.increaseTime(601)
    await until(() => journal.list().some(({ event }) => event === 'tx-late'))
    const other = sender.send(faucet('faucet:other'))
    await mining(Promise.allSettled([late, other]))
    expect(await nonceOf()).toBe(2)
    expect(await tokensOf()).toBe(FAUCET)
    expect((await late).events).toEqual([])
  })

  it('a reorg deeper than the confirmations: what was confirmed is sent again, with the same nonces', async () => {
    await net.anvil.mine(20)
    const { sender, store } = start()
    const [one, two] = [sender.send(faucet('faucet:1')), sender.send(faucet('faucet:2'))]
    await mining(Promise.all([one, two]))
    expect(await nonceOf()).toBe(2)
    await net.anvil.reorg(12)
    expect(await nonceOf()).toBe(0)
    expect(await codeOf(sender.send(faucet('faucet:3')))).toBe('CHAIN_STALE')
    expect(await sender.reopenLost(wallet.address)).toBe(2)
    await mining(sender.send(faucet('faucet:3')))
    expect(await nonceOf()).toBe(3)
    await mining(until(() => [1, 2, 3].every((n) => rowOf(store, `faucet:${n}`)?.state === 'confirmed')))
    expect(await tokensOf()).toBe(3n * FAUCET)
  })

  it.each([1, 2, 3, 4, 5, 6])(
    'a reorg of depth %i that drops it: sent again, one on chain',
    async (depth) => {
      const { sender, store } = start({ rpc: slowRpc(depth + 2) })
      const sending = sender.send(faucet())
      await until(async () => (await pooled()) === 1)
      await net.anvil.mine(depth)
      await until(() => rowOf(store)?.state === 'mined')
      await net.anvil.reorg(depth)
      expect(await nonceOf()).toBe(0)
      await until(async () => (await pooled()) === 1)
      expect(rowOf(store)?.state).toBe('sent')
      await mining(sending)
      expect(await nonceOf()).toBe(1)
      expect(await tokensOf()).toBe(FAUCET)
    },
  )

  it('a nonce that another host with the same key used: signed anew only after that is confirmed', async () => {
    const { sender, store, journal } = start()
    const sending = sender.send(faucet())
    await until(async () => (await pooled()) === 1)
    const first = rowOf(store)
    await rpc(net.url, 'anvil_dropTransaction', [first?.hash])
    proxy.intercept = (call, forward) =>
      call.method === 'eth_sendRawTransaction' ? Promise.reject(new Error('nonce too low')) : forward(call)
    const raw = await wallet.signTransaction({
      type: 'eip1559',
      chainId: 31337,
      nonce: 0,
      to: devAccount(1).address,
      value: 1n,
      gas: 21_000n,
      maxFeePerGas: 10n ** 11n,
      maxPriorityFeePerGas: 10n ** 9n,
    })
    await rpc(net.url, 'eth_sendRawTransaction', [raw])
    await net.anvil.mine()
    await new Promise((resolve) => setTimeout(resolve, 200))
    expect(rowOf(store)?.nonce).toBe(0)
    proxy.intercept = null
    const result = await mining(sending)
    expect(result.nonce).toBe(1)
    expect(await nonceOf()).toBe(2)
    expect(await tokensOf()).toBe(FAUCET)
    expect(journal.list().map((entry) => entry.event)).toContain('tx-nonce-used')
  })

  it('a node that hides the receipt never leads to a second transaction', async () => {
    const { sender, store } = start()
    proxy.intercept = async (call, forward) =>
      call.method === 'eth_getTransactionReceipt' ? null : forward(call)
    const sending = sender.send(faucet())
    await until(async () => (await pooled()) === 1)
    await net.anvil.mine(8)
    await new Promise((resolve) => setTimeout(resolve, 400))
    expect(rowOf(store)?.nonce).toBe(0)
    proxy.intercept = null
    expect((await mining(sending)).nonce).toBe(0)
    await net.anvil.mine(3)
    expect(await nonceOf()).toBe(1)
  })

  it('a gap below ours is filled, and ours goes through', async () => {
    const { sender } = start({ fillGapAfterMs: 100 })
    const ahead = await wallet.signTransaction({
      type: 'eip1559',
      chainId: 31337,
      nonce: 0,
      to: wallet.address,
      gas: 21_000n,
      maxFeePerGas: 10n ** 11n,
      maxPriorityFeePerGas: 10n ** 9n,
    })
    const other = await rpc<string>(net.url, 'eth_sendRawTransaction', [ahead])
    const sending = sender.send(faucet())
    await until(() => sender.pending().length === 1)
    await rpc(net.url, 'anvil_dropTransaction', [other])
    const result = await mining(sending)
    expect(result.nonce).toBe(1)
    expect(await nonceOf()).toBe(2)
  })

  it.each(['down', 'hang', 429, 500, 'garbage', 'truncated', 'nulls', 'empty'] as const)(
    'RPC %s in the middle: goes on when it is back, one transaction',
    async (fault) => {
      const { sender } = start()
      const sending = sender.send(faucet())
      await until(async () => (await pooled()) === 1)
      proxy.fault = fault
      await net.anvil.mine(2)
      await new Promise((resolve) => setTimeout(resolve, 400))
      proxy.fault = null
      const result = await mining(sending)
      expect(result.nonce).toBe(0)
      expect(await nonceOf()).toBe(1)
    },
  )

  it.each(['down', 'hang', 429, 500, 'garbage', 'truncated', 'nulls', 'empty'] as const)(
    'RPC %s from the start: a retryable error, nothing recorded',
    async (fault) => {
      const { sender, store } = start()
      proxy.fault = fault
      const error = await sender.send(faucet()).then(
        () => null,
        (thrown: DmcError) => thrown,
      )
      expect(['RPC_UNREACHABLE', 'RPC_BAD_ANSWER']).toContain(error?.code)
      expect(error?.retryable).toBe(true)
      expect(rowOf(store)).toBeUndefined()
    },
  )

  it('another chain behind the URL: refused', async () => {
    const { sender } = start()
    proxy.intercept = async (call, forward) => (call.method === 'eth_chainId' ? '0x1' : forward(call))
    expect(await codeOf(sender.send(faucet()))).toBe('WRONG_CHAIN')
  })

  it('a stale node that forgets confirmed transactions: no nonce is used twice', async () => {
    const { sender } = start()
    await mining(sender.send(faucet()))
    proxy.intercept = async (call, forward) =>
      call.method === 'eth_getTransactionCount' ? '0x0' : forward(call)
    expect(await codeOf(sender.send(faucet('faucet:2')))).toBe('CHAIN_STALE')
    proxy.intercept = null
    expect((await mining(sender.send(faucet('faucet:2')))).nonce).toBe(1)
  })

  it('a caller that loses patience or goes away leaves the transaction on its way', async () => {
    const { sender, store } = start()
    expect(await codeOf(sender.send(faucet(), { patienceMs: 100 }))).toBe('TX_DROPPED')
    expect(await codeOf(sender.send(faucet(), { signal: AbortSignal.timeout(100) }))).toBe('INTERRUPTED')
    await mining(until(() => rowOf(store)?.state === 'confirmed'))
    expect(await nonceOf()).toBe(1)
  })
})

/** An RPC client with more confirmations, so that a reorg comes before the end. */
function slowRpc(confirmations: number) {
  return openRpcClient({
    urls: [proxy.url],
    chainId: 31337,
    confirmations,
    pollMs: 20,
    timeoutMs: 1_000,
    pauseMs: 10,
  })
}
