import { faucetCall } from '@dmc/core/chain/acts/token-call'
import { devAccount } from '@dmc/testkit/dev-accounts'
import { rpc } from '@dmc/testkit/rpc'
import type { Page } from '@playwright/test'
import type { Hex, LocalAccount } from 'viem'
import { expect, signIn, test } from './support/fixtures.ts'
import type { World } from './support/world.ts'

test.use({ worldOf: 'accounts' })

const openMenu = (page: Page) => page.getByRole('button', { name: /^Wallet 0x/ }).click()
const faucet = (page: Page) => page.getByRole('button', { name: 'Get test tokens' })
const tray = (page: Page) => page.getByRole('button', { name: /^Transactions/ }).click()

const stopMining = (world: World) => rpc(world.devnet.url, 'evm_setIntervalMining', [0])
const goOn = (world: World) => rpc(world.devnet.url, 'evm_setIntervalMining', [1])

/** Sends a transaction of an account past the browser, dearer than what waits with the same number. */
async function send(
  world: World,
  account: LocalAccount,
  tx: { to: Hex; data: Hex; nonce: number },
): Promise<Hex> {
  const raw = await account.signTransaction({
    ...tx,
    chainId: world.devnet.anvil.chainId,
    type: 'eip1559',
    gas: 200_000n,
    maxFeePerGas: 50n * 10n ** 9n,
    maxPriorityFeePerGas: 10n * 10n ** 9n,
  })
  return rpc<Hex>(world.devnet.url, 'eth_sendRawTransaction', [raw])
}

const nonceOf = async (world: World, account: LocalAccount) =>
  Number(await rpc<Hex>(world.devnet.url, 'eth_getTransactionCount', [account.address, 'latest']))

/** One call of the faucet by the account itself, mined. */
async function mineFaucet(world: World, account: LocalAccount): Promise<void> {
  const { to, data } = faucetCall(world.devnet.token)
  const nonce = await nonceOf(world, account)
  await send(world, account, { to, data, nonce })
  await expect.poll(() => nonceOf(world, account), { intervals: [100] }).toBeGreaterThan(nonce)
}

test.afterEach(({ world }) => goOn(world))

test('a "no" in the wallet is silent; the next try is confirmed', async ({
  watched: page,
  world,
  connectAs,
}) => {
  const wallet = await connectAs(devAccount(0))
  await signIn(page, world)
  await openMenu(page)
  wallet.rejectNext = true
  await faucet(page).click()
  await expect(faucet(page)).toBeVisible()
  await expect(page.getByRole('dialog').getByRole('alert')).toHaveCount(0)
  expect(wallet.transactions).toHaveLength(0)
  await faucet(page).click()
  await expect(page.getByRole('dialog').getByText('Confirmed')).toBeVisible({ timeout: 30_000 })
  expect(wallet.transactions).toHaveLength(1)
})

test('what would revert is said before the wallet opens', async ({ watched: page, world, connectAs }) => {
  const account = devAccount(1)
  const wallet = await connectAs(account)
  for (let i = 0; i < 10; i++) await mineFaucet(world, account)
  await signIn(page, world)
  await openMenu(page)
  await faucet(page).click()
  await expect(page.getByRole('dialog').getByRole('alert')).toContainText(
    'The faucet gives 1,000,000 DMC to an address',
  )
  expect(wallet.transactions).toHaveLength(0)
})

test('a waiting transaction survives a reload', async ({ watched: page, world, connectAs }) => {
  await connectAs(devAccount(2))
  await signIn(page, world)
  await stopMining(world)
  await openMenu(page)
  await faucet(page).click()
  await expect(page.getByRole('dialog').getByText('0 of 2 confirmations')).toBeVisible()
  await page.reload()
  await expect(page.getByRole('button', { name: 'Transactions: 1 waiting' })).toBeVisible()
  await goOn(world)
  await expect(page.getByRole('button', { name: 'Transactions', exact: true })).toBeVisible({
    timeout: 30_000,
  })
  await tray(page)
  await expect(page.getByRole('dialog', { name: 'Transactions' }).getByText('Confirmed')).toBeVisible()
})

test('a replaced transaction is told as replaced', async ({ watched: page, world, connectAs }) => {
  const account = devAccount(3)
  await connectAs(account)
  await signIn(page, world)
  await stopMining(world)
  await openMenu(page)
  await faucet(page).click()
  await expect(page.getByRole('dialog').getByText('0 of 2 confirmations')).toBeVisible()
  await send(world, account, { to: account.address, data: '0x', nonce: await nonceOf(world, account) })
  await goOn(world)
  await expect(page.getByRole('dialog').getByText('Another transaction took its place.')).toBeVisible({
    timeout: 30_000,
  })
})

test('a dropped transaction is told; sent again it happens once', async ({
  watched: page,
  world,
  connectAs,
}) => {
  const account = devAccount(6)
  const wallet = await connectAs(account)
  const nonce = await nonceOf(world, account)
  await signIn(page, world)
  await stopMining(world)
  await openMenu(page)
  await faucet(page).click()
  await expect(page.getByRole('dialog').getByText('0 of 2 confirmations')).toBeVisible()
  await rpc(world.devnet.url, 'anvil_dropTransaction', [wallet.transactions[0]])
  await goOn(world)
  // two minutes pass in which no node knows of it
  await page.evaluate(() => {
    for (const key of Object.keys(localStorage).filter((name) => name.startsWith('dmc:tray:'))) {
      const entries = JSON.parse(localStorage.getItem(key) ?? '[]') as { submittedAt: number }[]
      const older = entries.map((entry) => ({ ...entry, submittedAt: entry.submittedAt - 121_000 }))
      localStorage.setItem(key, JSON.stringify(older))
    }
  })
  await page.reload()
  await tray(page)
  const list = page.getByRole('dialog', { name: 'Transactions' })
  await expect(list.getByText('Dropped')).toBeVisible({ timeout: 30_000 })
  expect(await nonceOf(world, account)).toBe(nonce)
  await page.keyboard.press('Escape')
  await openMenu(page)
  await faucet(page).click()
  await expect(page.getByRole('dialog').getByText('Confirmed')).toBeVisible({ timeout: 30_000 })
  expect(await nonceOf(world, account)).toBe(nonce + 1)
})

test('a transaction that reverts on chain is told with its reason', async ({
  watched: page,
  world,
  connectAs,
}) => {
  const account = devAccount(4)
  await connectAs(account)
  for (let i = 0; i < 9; i++) await mineFaucet(world, account)
  await signIn(page, world)
  await stopMining(world)
  // the tenth call waits already; the page's own is checked against the chain as it is, and comes too late
  const { to, data } = faucetCall(world.devnet.token)
  await send(world, account, { to, data, nonce: await nonceOf(world, account) })
  await openMenu(page)
  await faucet(page).click()
  await expect(page.getByRole('dialog').getByText('0 of 2 confirmations')).toBeVisible()
  await goOn(world)
  await expect(page.getByRole('dialog').getByRole('alert').first()).toContainText('The faucet gives', {
    timeout: 30_000,
  })
})
