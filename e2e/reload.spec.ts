import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { rpc } from '@dmc/testkit/rpc'
import type { Hex } from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { compareTrees } from '../apps/agent/src/source/compare-trees.ts'
import { expect, signIn, test } from './support/fixtures.ts'
import { pairHost } from './support/pair-host.ts'
import type { World } from './support/world.ts'

const mineEvery = (world: World, seconds: number) => rpc(world.devnet.url, 'evm_setIntervalMining', [seconds])

test.afterEach(({ world }) => mineEvery(world, 1))

test('reloaded in the middle of an order, a backup and a restore, all goes on and nothing happens twice', async ({
  watched: page,
  world,
  connectAs,
}) => {
  const account = privateKeyToAccount(generatePrivateKey())
  await world.devnet.fund(account.address, { faucetCalls: 1 })
  await world.miner('miner-r', { size: '3GiB', price: '0.5' })
  const home = join(world.folder, 'home-r')
  const photos = join(home, 'photos')
  mkdirSync(photos, { recursive: true })
  for (let i = 0; i < 40; i++)
    writeFileSync(join(photos, `${i}.bin`), Buffer.alloc(300_000 + i * 999, `photo ${i} `))
  const restored = join(world.folder, 'restored-r')
  mkdirSync(restored)
  const wallet = await connectAs(account)
  await signIn(page, world)
  const agent = await pairHost(page, world, {
    name: 'desk-r',
    owner: account.address,
    role: 'user',
    allow: ['read', 'restore'],
    folders: [home, restored],
  })
  await page.waitForURL(/\/u\/sources\/new/)
  await page.reload()
  await page.getByRole('button', { name: home }).click({ timeout: 30_000 })
  await page.getByRole('button', { name: 'photos' }).click()
  await page.getByLabel('Term').fill('30')
  await page.reload()
  // what was entered is there again
  await expect(page.getByText(photos, { exact: true }).first()).toBeVisible()
  await expect(page.getByLabel('Term')).toHaveValue('30')
  await expect(page.getByText(/40 files/)).toBeVisible({ timeout: 30_000 })
  await mineEvery(world, 0)
  await page.getByRole('button', { name: 'Place the order' }).click()
  const waiting = page.getByText(/0 of \d+ confirmations/)
  await expect(waiting).toBeVisible({ timeout: 30_000 })
  await page.reload()
  // the transaction that waits is shown, not a button that would pay again
  await expect(waiting).toBeVisible()
  await expect(page.getByRole('button', { name: 'Place the order' })).toHaveCount(0)
  // another tab knows nothing of the draft; asked for the same, it shows the one that waits and asks no wallet
  const tab = await page.context().newPage()
  await tab.goto(`${world.url}/u/sources/new?agent=${new URL(page.url()).searchParams.get('agent') ?? ''}`)
  await tab.getByRole('button', { name: home }).click({ timeout: 30_000 })
  await tab.getByRole('button', { name: 'photos' }).click()
  await tab.getByRole('button', { name: 'Place the order' }).click({ timeout: 30_000 })
  await expect(tab.getByText(/0 of \d+ confirmations/)).toBeVisible({ timeout: 30_000 })
  await tab.close()
  await mineEvery(world, 1)
  await page.waitForURL(/\/u\/sources\/(?!new$)[^/]+$/, { timeout: 60_000 })
  await page.reload()
  await expect(page.getByRole('heading', { name: 'Protected' })).toBeVisible({ timeout: 90_000 })
  await page.reload()
  await expect(page.getByRole('heading', { name: 'Protected' })).toBeVisible()
  expect(wallet.transactions).toHaveLength(1)
  expect((await agent.json<{ orders: unknown[] }>(['order', 'list'])).orders).toHaveLength(1)

  // what had been entered is used up: the next one begins anew
  const sourcePage = page.url()
  await page.goto(`${world.url}/u/sources/new`)
  await expect(page.getByText('Open the folder that you want to back up.')).toBeVisible()
  await page.goto(sourcePage)

  await page.getByRole('link', { name: 'Browse and restore' }).click()
  await page.getByRole('button', { name: 'Restore everything' }).click()
  await page.reload()
  await page.getByRole('button', { name: 'Restore everything' }).click()
  await page.getByRole('dialog').getByLabel('New folder').fill('again')
  await page.getByRole('dialog').getByRole('button', { name: 'Restore', exact: true }).click()
  await page.waitForURL(`${world.url}/u/restores`)
  await page.reload()
  await expect(page.getByText('Restored', { exact: true })).toBeVisible({ timeout: 60_000 })
  await expect(page.getByText(join(restored, 'again'), { exact: true })).toHaveCount(1)
  expect((await compareTrees(photos, join(restored, 'again'))).differences).toEqual([])
})

test('reloaded at each step of a new bill, nothing that was entered is lost and nothing is published twice', async ({
  watched: page,
  world,
  connectAs,
}) => {
  const account = privateKeyToAccount(generatePrivateKey())
  await world.devnet.fund(account.address, { faucetCalls: 1 })
  const disk = join(world.folder, 'disk-b')
  mkdirSync(join(disk, 'space'), { recursive: true })
  const wallet = await connectAs(account)
  await signIn(page, world)
  const miner = await pairHost(page, world, {
    name: 'attic-b',
    owner: account.address,
    role: 'miner',
    allow: ['sector'],
    folders: [disk],
  })
  await page.waitForURL(/\/m\/bills\/new/)
  await page.getByRole('button', { name: disk }).click({ timeout: 30_000 })
  await page.getByRole('button', { name: 'space' }).click()
  await page.getByLabel('Space to offer').fill('4')
  await page.getByLabel('Price', { exact: true }).fill('0.25')
  await page.getByLabel('Pledge rate').fill('6')
  await page.reload()
  await expect(page.getByText(join(disk, 'space'), { exact: true }).first()).toBeVisible()
  await expect(page.getByLabel('Space to offer')).toHaveValue('4')
  await expect(page.getByLabel('Price', { exact: true })).toHaveValue('0.25')
  await expect(page.getByLabel('Pledge rate')).toHaveValue('6')

  const publish = page.getByRole('button', { name: 'Publish the bill' })
  await expect(publish).toBeEnabled({ timeout: 30_000 })
  await mineEvery(world, 0)
  await publish.click()
  const waiting = page.getByText(/0 of \d+ confirmations/)
  await expect(waiting).toBeVisible({ timeout: 30_000 })
  await page.reload()
  await expect(waiting).toBeVisible()
  await expect(publish).toHaveCount(0)
  await mineEvery(world, 1)
  await page.waitForURL(`${world.url}/m`, { timeout: 60_000 })
  expect(wallet.transactions).toHaveLength(1)
  await page.goto(`${world.url}/m/bills`)
  await expect(page.getByRole('region', { name: 'Your bills' }).getByRole('row')).toHaveCount(2)
  expect((await miner.json<{ sectors: unknown[] }>(['sector', 'list'])).sectors).toHaveLength(1)
})

test('signed out elsewhere, then reloaded while the wallet asks: the draft is kept, and what the wallet sent is not paid again', async ({
  watched: page,
  world,
  connectAs,
}) => {
  test.setTimeout(240_000)
  const account = privateKeyToAccount(generatePrivateKey())
  await world.devnet.fund(account.address, { faucetCalls: 1 })
  await world.miner('miner-q', { size: '3GiB', price: '0.5' })
  const home = join(world.folder, 'home-q')
  world.sampleFolder('home-q/notes')
  const wallet = await connectAs(account)
  await signIn(page, world)
  const agent = await pairHost(page, world, {
    name: 'desk-q',
    owner: account.address,
    role: 'user',
    allow: ['read'],
    folders: [home],
  })
  await page.waitForURL(/\/u\/sources\/new/)
  await page.getByRole('button', { name: home }).click({ timeout: 30_000 })
  await page.getByRole('button', { name: 'notes' }).click()
  await page.getByLabel('Term').fill('31')
  await expect(page.getByText(/12 files/)).toBeVisible({ timeout: 30_000 })

  // as another tab, or a person at another machine with this session, would do it
  const cookies = await page.context().cookies()
  const answer = await fetch(`${world.url}/api/trpc/auth.signOut`, {
    method: 'POST',
    headers: {
      cookie: cookies.map(({ name, value }) => `${name}=${value}`).join('; '),
      origin: world.url,
      'content-type': 'application/json',
    },
    body: '{}',
  })
  expect(answer.status).toBe(200)
  const banner = page.getByText('You are not signed in any more.')
  await expect(banner).toBeVisible({ timeout: 3_000 })
  await page.getByRole('link', { name: 'Sign in again' }).click()
  await page.getByRole('button', { name: 'Test Wallet' }).click()
  await page.waitForURL(/\/u\/sources\/new/)
  await expect(page.getByLabel('Term')).toHaveValue('31')
  await expect(page.getByText(join(home, 'notes'), { exact: true }).first()).toBeVisible()

  const place = page.getByRole('button', { name: 'Place the order' })
  const sayYes = Promise.withResolvers<void>()
  wallet.hold = sayYes.promise
  await place.click({ timeout: 30_000 })
  await expect(page.getByText('Confirm the transaction in your wallet')).toBeVisible({ timeout: 30_000 })
  // the page says so just before it asks; reloaded before that, nothing was asked
  await expect.poll(() => wallet.asked, { timeout: 30_000 }).toBe(1)
  await page.reload()
  await place.click({ timeout: 30_000 })
  await expect(page.getByText('Your wallet was asked for this already')).toBeVisible({
    timeout: 30_000,
  })
  sayYes.resolve()
  await expect.poll(() => wallet.transactions.length, { timeout: 30_000 }).toBe(1)
  wallet.hold = null
  // before it is in a block the page says so, and asks to wait
  await world.devnet.client.waitForTransactionReceipt({ hash: wallet.transactions[0] as Hex })
  await place.click()
  await page.waitForURL(/\/u\/sources\/(?!new$)[^/]+$/, { timeout: 60_000 })
  expect(wallet.transactions).toHaveLength(1)
  await expect(page.getByRole('heading', { name: 'Protected' })).toBeVisible({ timeout: 90_000 })
  expect((await agent.json<{ orders: unknown[] }>(['order', 'list'])).orders).toHaveLength(1)
})
