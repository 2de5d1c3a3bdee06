import { createBillCall } from '@dmc/core/chain/acts/create-bill'
import { approveCall } from '@dmc/core/chain/acts/token-call'
import { decodeLogs } from '@dmc/core/chain/decode-log'
import { tokenAbi } from '@dmc/core/chain/generated/token-abi'
import { AtomicWallet, type WalletCall } from '@dmc/testkit/atomic-wallet'
import { devAccount } from '@dmc/testkit/dev-accounts'
import { type Devnet, startDevnet } from '@dmc/testkit/devnet'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { canBatch, lookAtBatch, sendBatch, type WalletProvider } from './batch-calls.ts'

const DMC = 10n ** 18n
const account = devAccount(3)
const owner = account.address
let devnet: Devnet
let chainId: number

beforeAll(async () => {
  devnet = await startDevnet()
  chainId = devnet.anvil.chainId
  await devnet.fund(owner)
})
afterAll(() => devnet.stop())

/** A wallet that answers only this. */
const wallet = (answers: Record<string, (params: never) => unknown>): WalletProvider => ({
  async request({ method, params }) {
    const answer = answers[method]
    if (answer === undefined) throw Object.assign(new Error(`no ${method}`), { code: -32601 })
    return answer(params as never)
  },
})
const failing = (code: number) => () => {
  throw Object.assign(new Error('the wallet says no'), { code })
}

describe('a wallet that carries out several calls as one', () => {
  const real = () => {
    const atomic = new AtomicWallet(account, { url: devnet.url, chainId })
    return wallet({
      wallet_getCapabilities: () => atomic.capabilities,
      wallet_sendCalls: async ([of]: [{ id: string; calls: WalletCall[] }]) => {
        await atomic.sendCalls(of)
        return { id: of.id }
      },
      wallet_getCallsStatus: ([id]: [string]) => atomic.status(id),
    })
  }
  const allowed = () =>
    devnet.client.readContract({
      address: devnet.token,
      abi: tokenAbi,
      functionName: 'allowance',
      args: [owner, devnet.market],
    })
  const bill = async (price: bigint) =>
    createBillCall(devnet.market, {
      capacity: 1024n,
      step: 1024n,
      price,
      pledgeRate: 4,
      minWeeks: 1,
      maxWeeks: 10,
      bond: DMC,
      expiresAt: (await devnet.client.getBlock()).timestamp + 1_000_000n,
    })
  const outcome = async (provider: WalletProvider, id: string) => {
    await expect.poll(() => lookAtBatch(provider, id), { timeout: 20_000 }).not.toBe('waiting')
    const now = await lookAtBatch(provider, id)
    if (typeof now === 'string') throw new Error(now)
    return { ...now, receipt: await devnet.client.getTransactionReceipt({ hash: now.hash }) }
  }

  it('approves and acts in one transaction, and no allowance is left', async () => {
    const provider = real()
    expect(await canBatch(provider, { owner, chainId })).toBe(true)
    const calls = [approveCall(devnet.token, devnet.market, 4n * DMC), await bill(DMC)]
    const id = await sendBatch(provider, { owner, chainId, id: '0xa1', calls })
    const { reverted, receipt } = await outcome(provider, id ?? '')
    expect(reverted).toBe(false)
    expect(receipt.status).toBe('success')
    const [event] = decodeLogs(devnet.market, receipt.logs)
    // the Market sees the person's own account
    expect(event).toMatchObject({ name: 'BillCreated', args: { miner: owner } })
    expect(await allowed()).toBe(0n)
  })

  it('does nothing at all when the act fails: nothing is allowed either', async () => {
    const provider = real()
    const calls = [approveCall(devnet.token, devnet.market, DMC), await bill(DMC)]
    const id = await sendBatch(provider, { owner, chainId, id: '0xa2', calls })
    expect(await outcome(provider, id ?? '')).toMatchObject({
      reverted: true,
      receipt: { status: 'reverted' },
    })
    expect(await allowed()).toBe(0n)
  })

  it('knows its calls by the name that the page gave them, and says when it has none of a name', async () => {
    const provider = real()
    await sendBatch(provider, { owner, chainId, id: '0xa3', calls: [approveCall(devnet.token, owner, 1n)] })
    expect((await outcome(provider, '0xa3')).reverted).toBe(false)
    expect(await lookAtBatch(provider, '0xa4')).toBe('unknown')
  })
})

describe('a wallet that does not', () => {
  const can = (answer: unknown) =>
    canBatch(wallet({ wallet_getCapabilities: () => answer }), { owner, chainId })
  const hex = () => `0x${chainId.toString(16)}`

  it('is not asked to', async () => {
    expect(await canBatch(wallet({}), { owner, chainId })).toBe(false)
    expect(await can({})).toBe(false)
    expect(await can(null)).toBe(false)
    expect(await can({ [hex()]: { atomic: { status: 'unsupported' } } })).toBe(false)
    // it would have to change the account first
    expect(await can({ [hex()]: { atomic: { status: 'ready' } } })).toBe(false)
    expect(await can({ '0x1': { atomic: { status: 'supported' } } })).toBe(false)
    expect(await can({ [hex()]: { atomic: { status: 'supported' } } })).toBe(true)
  })

  it.each([-32601, -32602, 4200, 5700, 5710, 5740, 5750, 5760])(
    'and says so with %i only when it is asked: then the calls go one by one',
    async (code) => {
      const provider = wallet({ wallet_sendCalls: failing(code) })
      expect(await sendBatch(provider, { owner, chainId, id: '0xb1', calls: [] })).toBeNull()
    },
  )

  it.each([4001, -32603, -32000])(
    'but %i is an answer, or may have come too late: nothing else is asked',
    async (code) => {
      const provider = wallet({ wallet_sendCalls: failing(code) })
      await expect(sendBatch(provider, { owner, chainId, id: '0xb2', calls: [] })).rejects.toMatchObject({
        code,
      })
    },
  )

  it('gives calls up that never reached the chain', async () => {
    const given = (status: number) => wallet({ wallet_getCallsStatus: () => ({ status }) })
    expect(await lookAtBatch(given(100), '0xc1')).toBe('waiting')
    expect(await lookAtBatch(given(400), '0xc1')).toBe('failed')
  })
})
