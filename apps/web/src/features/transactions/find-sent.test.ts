import { faucetCall } from '@dmc/core/chain/acts/token-call'
import { devAccount } from '@dmc/testkit/dev-accounts'
import { type Devnet, startDevnet } from '@dmc/testkit/devnet'
import { rpc } from '@dmc/testkit/rpc'
import { createWalletClient, type Hex, http } from 'viem'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { findSent } from './find-sent.ts'

let devnet: Devnet
const account = devAccount(4)
const owner = account.address

beforeAll(async () => {
  devnet = await startDevnet({ blockTime: 'manual' })
})
afterAll(() => devnet.stop())

const send = (data: Hex) =>
  createWalletClient({ account, chain: devnet.client.chain, transport: http(devnet.url) }).sendTransaction({
    to: owner,
    data,
    gas: 100_000n,
    chain: devnet.client.chain ?? null,
  })

const ask = async (data: Hex) => ({
  to: owner,
  data,
  value: '0',
  nonce: await devnet.client.getTransactionCount({ address: owner, blockTag: 'pending' }),
  block: String(await devnet.client.getBlockNumber({ cacheTime: 0 })),
  askedAt: 0,
})
const look = (asked: Awaited<ReturnType<typeof ask>>) => findSent(devnet.client, owner, asked)

it('what a wallet sent after its page was left is found among all that it has sent since', async () => {
  const asked = await ask('0xabcd01')
  expect(await look(asked)).toBeNull()
  for (const data of ['0x01', '0x02'] as const) {
    await send(data)
    await devnet.anvil.mine()
  }
  expect(await look(asked)).toBeNull()
  const hash = await send('0xabcd01')
  // it waits, in the block that is to come
  expect(await look(asked)).toEqual({ hash, nonce: asked.nonce + 2 })
  await devnet.anvil.mine()
  for (let i = 0; i < 5; i++) await devnet.anvil.mine()
  await send('0x03')
  await devnet.anvil.mine()
  expect(await look(asked)).toEqual({ hash, nonce: asked.nonce + 2 })
})

it('the same words to another address are something else', async () => {
  const asked = await ask('0xabcd02')
  await rpc(devnet.url, 'anvil_setBalance', [owner, '0xde0b6b3a7640000'])
  await createWalletClient({
    account,
    chain: devnet.client.chain,
    transport: http(devnet.url),
  }).sendTransaction({ to: faucetCall(devnet.token).to, data: '0xabcd02', gas: 100_000n } as never)
  await devnet.anvil.mine()
  expect(await look(asked)).toBeNull()
})

it('where nodes don’t show what waits, it may be this', async () => {
  const asked = await ask('0xabcd03')
  await send('0x04')
  expect(await look(asked)).toBe('waiting')
  await devnet.anvil.mine()
  expect(await look(asked)).toBeNull()
})
