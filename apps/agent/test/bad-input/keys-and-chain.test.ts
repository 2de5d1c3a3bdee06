import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { marketAbi } from '@dmc/core/chain/generated/market-abi'
import type { AgentProcess } from '@dmc/testkit/agent-process'
import { rpc } from '@dmc/testkit/rpc'
import { createWalletClient, http, numberToHex, parseEther } from 'viem'
import type { PrivateKeyAccount } from 'viem/accounts'
import { beforeAll, describe, expect, it } from 'vitest'
import { moneyOf, nonceOf, orderOf } from '../flows/support/chain.ts'
import { makeTree } from '../flows/support/make-tree.ts'
import { addSource, MIB, offer, placeOrder, setUp } from '../flows/support/steps.ts'
import { call, useWorld } from '../flows/support/world.ts'
import { mustFail } from './support/expect-error.ts'

const TOKEN = 10n ** 18n
const world = useWorld()
let miner: AgentProcess
let user: AgentProcess
let wallet: PrivateKeyAccount
let billId: bigint
let cancelled: bigint

beforeAll(async () => {
  await world.start()
  ;[miner, user] = await Promise.all([world.agent('miner', { plainHttp: true }), world.agent('user')])
  const [mine] = await Promise.all([setUp(world, user), setUp(world, miner)])
  ;({ wallet } = mine)
  await Promise.all([miner.start(), user.start()])
  ;({ billId } = await offer(miner, join(world.folder, 'disk', 'one'), { size: 32n * MIB, price: TOKEN }))
  ;({ billId: cancelled } = await offer(miner, join(world.folder, 'disk', 'two'), { size: 32n * MIB }))
  await call(miner, 'bill.cancel', { mode: 'execute', billId: cancelled })
  await addSource(user, makeTree(join(world.folder, 'files'), 'files', 10_000), 'files')
})

const order = (...more: string[]) => [
  'order',
  'create',
  '--source',
  'files',
  '--weeks',
  '4',
  '--yes',
  ...more,
]

describe('keys', () => {
  it('a wrong password, and none: the keystore is left as it is', async () => {
    await user.stop()
    const keystore = () => readFileSync(join(user.dataDir, 'keystore.json'), 'utf8')
    const before = keystore()
    const file = join(world.folder, 'wrong password')
    writeFileSync(file, 'not this one\n', { mode: 0o600 })
    const wrong = { env: { DMC_PASSWORD_FILE: file } }
    for (const command of [['run'], ['wallet', 'show'], ['backup', 'files']]) {
      await mustFail(user, command, 'KEY_PASSWORD_WRONG', [file, user.dataDir], wrong)
    }
    await mustFail(user, ['wallet', 'show'], 'KEY_PASSWORD_MISSING', [], { env: { DMC_PASSWORD_FILE: '' } })
    expect(keystore()).toBe(before)
  })

  it('a keystore or a password file that others can read', async () => {
    for (const file of [join(user.dataDir, 'keystore.json'), user.passwordFile]) {
      chmodSync(file, 0o644)
      await mustFail(user, ['run'], 'KEY_PERMISSIONS', [file, '0644'])
      chmodSync(file, 0o600)
    }
  })

  it('a keystore that is damaged', async () => {
    const other = await world.agent('damaged')
    await setUp(world, other, { funded: false })
    const file = join(other.dataDir, 'keystore.json')
    writeFileSync(file, '{"version":', { mode: 0o600 })
    const said = await mustFail(other, ['wallet', 'show'], 'KEY_CORRUPT', [file])
    expect(said.hint).toContain('init --recover')
    // what can still be read of it by somebody is not replaced
    expect(readFileSync(file, 'utf8')).toBe('{"version":')
  })
})

describe('the chain', () => {
  it('an RPC that is down', async () => {
    const how = { env: { DMC_RPC_URLS: 'http://127.0.0.1:9' } }
    await mustFail(user, ['wallet', 'show'], 'RPC_UNREACHABLE', ['http://127.0.0.1:9'], how)
    await mustFail(user, order(), 'RPC_UNREACHABLE', ['http://127.0.0.1:9'], how)
  })

  it('another chain, and an address without a Market', async () => {
    await mustFail(user, ['wallet', 'show'], 'WRONG_CHAIN', ['31337', '1337'], {
      env: { DMC_CHAIN_ID: '1337' },
    })
    const nobody = `0x${'11'.repeat(20)}`
    await mustFail(user, ['market'], 'NOT_A_DMC_MARKET', [nobody], { env: { DMC_MARKET: nobody } })
    const { token } = world.devnet
    await mustFail(user, order(), 'NOT_A_DMC_MARKET', [token], { env: { DMC_MARKET: token } })
    await user.start()
  })
})

describe('an order that can’t be', () => {
  it('a bill that is gone, cancelled, too small, too dear, for other weeks', async () => {
    await mustFail(user, order('--bill', '999'), 'BILL_NOT_FOUND', ['999'])
    await mustFail(user, order('--bill', `${cancelled}`), 'BILL_NOT_OPEN', [`${cancelled}`])
    await mustFail(
      user,
      order('--bill', `${billId}`, '--capacity', '1GiB'),
      'BILL_TOO_SMALL',
      ['32', '1,?024'].map((v) => new RegExp(v)),
    )
    await mustFail(user, order('--bill', `${billId}`, '--max-price', '0.5'), 'BILL_TOO_DEAR', [
      /\b1\b/,
      '0.5',
    ])
    const tooLong = ['order', 'create', '--source', 'files', '--weeks', '60', '--bill', `${billId}`, '--yes']
    await mustFail(user, tooLong, 'ORDER_TERMS', ['60', '52'])
    await mustFail(user, order('--max-price', '0.5'), 'NO_BILL_MATCHES')
    await mustFail(user, order('--min-pledge-rate', '9'), 'NO_BILL_MATCHES')
  })

  it('nobody to confirm it', async () => {
    await mustFail(
      user,
      order().filter((word) => word !== '--yes'),
      'NOT_CONFIRMED',
    )
  })

  it('its own bill', async () => {
    await addSource(miner, makeTree(join(world.folder, 'miner files'), 'mine', 1000), 'files')
    await mustFail(miner, order('--bill', `${billId}`), 'ORDER_TERMS', [/own/])
  })

  it('no token, no gas: have and need are shown', async () => {
    const { token } = world.devnet
    const poor = await world.agent('poor')
    const { wallet: poorWallet } = await setUp(world, poor, { funded: false })
    await poor.start()
    await addSource(poor, makeTree(join(world.folder, 'poor files'), 'poor', 1000), 'files')
    await rpc(world.devnet.url, 'anvil_setBalance', [poorWallet.address, numberToHex(parseEther('1'))])
    await mustFail(poor, order(), 'NO_TOKEN', [poorWallet.address, /\b0\b/])
    await world.devnet.fund(poorWallet.address)
    await rpc(world.devnet.url, 'anvil_setBalance', [poorWallet.address, '0x0'])
    await mustFail(poor, order(), 'NO_GAS', [poorWallet.address])
    expect(await moneyOf(world.devnet, poorWallet.address)).toMatchObject({ token: 100_000n * TOKEN })
    expect(token).toMatch(/^0x/)
    const bill = [
      'bill',
      'create',
      '--sector',
      'x',
      '--price',
      '1',
      '--pledge-rate',
      '2',
      '--weeks',
      '1-4',
      '--yes',
    ]
    await mustFail(poor, bill, 'SECTOR_NOT_FOUND', ["'x'"])
  })

  it('costs nothing: no transaction was sent', async () => {
    expect(await nonceOf(world.devnet, wallet.address)).toBe(1) // the faucet's
    expect((await moneyOf(world.devnet, wallet.address)).token).toBe(100_000n * TOKEN)
  })
})

describe('an operator that may not, or can’t pay', () => {
  it('is told before anything is sent; the same backup goes on when it is put right', async () => {
    const { orderId } = await placeOrder(user, 'files', { capacityMib: 1n })
    const { client, url, market } = world.devnet
    const { operator } = await call(user, 'wallet.show', {})
    const signer = createWalletClient({ chain: client.chain, transport: http(url), account: wallet })
    const hash = await signer.writeContract({
      address: market,
      abi: marketAbi,
      functionName: 'setOperator',
      args: [operator.address, 0, 0n],
    } as never)
    await client.waitForTransactionReceipt({ hash })
    const said = await mustFail(user, ['backup', 'files'], 'NOT_OPERATOR', [operator.address, 'PREPARE'])
    expect(said.hint).toContain('dmc-agent operator authorise')
    const { hashes } = await user.json<{ hashes: string[] }>(['operator', 'authorise', '--gas', '0', '--yes'])
    expect(hashes).toHaveLength(1)
    await rpc(url, 'anvil_setBalance', [operator.address, '0x0'])
    await mustFail(user, ['backup', 'files'], 'NO_GAS', [operator.address])
    await rpc(url, 'anvil_setBalance', [operator.address, numberToHex(parseEther('1'))])
    await user.json(['backup', 'files'])
    expect((await orderOf(world.devnet, orderId)).state).toBe('active')
    expect(await nonceOf(world.devnet, operator.address)).toBe(1)
  })
  it('whose time is over is told when it ended; the order keeps what it has', async () => {
    const { client, url, market, anvil } = world.devnet
    const { operator } = await call(user, 'wallet.show', {})
    const signer = createWalletClient({ chain: client.chain, transport: http(url), account: wallet })
    const { timestamp } = await client.getBlock()
    const args = [operator.address, 15, timestamp + 60n]
    const grant = { address: market, abi: marketAbi, functionName: 'setOperator', args }
    await client.waitForTransactionReceipt({ hash: await signer.writeContract(grant as never) })
    await anvil.increaseTime(120)
    const before = await nonceOf(world.devnet, operator.address)
    writeFileSync(join(world.folder, 'files', 'later.txt'), 'later\n')
    const said = await mustFail(user, ['backup', 'files'], 'OPERATOR_EXPIRED', [wallet.address, /20\d\d/])
    expect(said.hint).toContain('dmc-agent operator authorise')
    expect(await nonceOf(world.devnet, operator.address)).toBe(before)
    await user.json(['operator', 'authorise', '--scope', 'PREPARE', '--gas', '0', '--yes'])
    await user.json(['backup', 'files'])
    expect(await nonceOf(world.devnet, operator.address)).toBe(before + 1)
  })
})
