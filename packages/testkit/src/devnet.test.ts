import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { tokenAbi } from '@dmc/core/chain/generated/token-abi'
import { afterAll, describe, expect, it } from 'vitest'
import { devAccount } from './dev-accounts.ts'
import { startDevnet } from './devnet.ts'
import { rpc } from './rpc.ts'
import { startAnvil } from './start-anvil.ts'

const ALICE = '0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266'
const BOB = '0x00000000000000000000000000000000000000b0'
const pay = (url: string) => rpc<string>(url, 'eth_sendTransaction', [{ from: ALICE, to: BOB, value: '0x1' }])
const balance = async (url: string) => Number(await rpc<string>(url, 'eth_getBalance', [BOB, 'latest']))

describe('startAnvil', () => {
  const dir = mkdtempSync(join(tmpdir(), 'dmc-anvil-'))
  afterAll(() => rmSync(dir, { recursive: true, force: true }))

  it('mines by hand, moves time, reorganises', async () => {
    const anvil = await startAnvil({ blockTime: 'manual' })
    try {
      await pay(anvil.url)
      await anvil.mine()
      await anvil.mine()
      expect(await anvil.blockNumber()).toBe(2)
      expect(await balance(anvil.url)).toBe(1)
      const now = Number(
        (await rpc<{ timestamp: string }>(anvil.url, 'eth_getBlockByNumber', ['latest', false])).timestamp,
      )
      await anvil.setTime(now + 1000)
      const later = await rpc<{ timestamp: string }>(anvil.url, 'eth_getBlockByNumber', ['latest', false])
      expect(Number(later.timestamp)).toBe(now + 1000)
      await anvil.reorg(3)
      expect(await balance(anvil.url)).toBe(0)
      expect(await anvil.blockNumber()).toBe(3)
    } finally {
      await anvil.stop()
    }
  })

  it('goes on with the same chain after a stop, and takes over one that still runs', async () => {
    const options = { dir, persist: true, adopt: true, blockTime: 'auto' } as const
    const first = await startAnvil(options)
    await pay(first.url)
    for (let i = 0; i < 200 && (await balance(first.url)) === 0; i++) {
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    await first.stop()
    const second = await startAnvil(options)
    try {
      expect(await balance(second.url)).toBe(1)
      const third = await startAnvil(options)
      expect(third.pid).toBe(second.pid)
      await third.stop()
      await expect(rpc(second.url, 'eth_chainId')).rejects.toThrow()
    } finally {
      await second.stop()
    }
  })
})

describe('startDevnet', () => {
  const dir = mkdtempSync(join(tmpdir(), 'dmc-devnet-'))
  afterAll(() => rmSync(dir, { recursive: true, force: true }))

  it('deploys once, and finds its Market again on the kept chain', async () => {
    const options = { dir, persist: true, blockTime: 'auto' } as const
    const first = await startDevnet(options)
    const account = devAccount(3).address
    await first.fund(account, { faucetCalls: 2, ethWei: 5n * 10n ** 18n })
    const accounts = await rpc<string[]>(first.url, 'eth_accounts')
    expect(accounts).toEqual(accounts.map((_, i) => devAccount(i).address.toLowerCase()))
    await first.stop()
    const second = await startDevnet(options)
    try {
      expect(second.market).toBe(first.market)
      const read = {
        address: second.token,
        abi: tokenAbi,
        functionName: 'balanceOf',
        args: [account],
      } as const
      expect(await second.client.readContract(read)).toBe(200_000n * 10n ** 18n)
      expect(await second.client.getBalance({ address: account })).toBe(5n * 10n ** 18n)
    } finally {
      await second.stop()
    }
  })
})
