import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { devAccount } from '@dmc/testkit/dev-accounts'
import { expect, signIn, test } from './support/fixtures.ts'
import { startPairing } from './support/pair.ts'

test.use({ worldOf: 'first run' })

/** From an empty database to the first active order, as the issue bounds it. */
const MINER_CLICKS = 10
const USER_CLICKS = 12

test.describe.configure({ mode: 'serial' })

test('first run of a miner: paired, bill published', async ({ watched: page, world, connectAs, counted }) => {
  const account = devAccount(5)
  await world.devnet.fund(account.address, { faucetCalls: 2 })
  const wallet = await connectAs(account)
  const disk = join(world.folder, 'disk')
  mkdirSync(join(disk, 'space'), { recursive: true })
  const agent = await world.agent('attic-nas')
  await agent.json(['init', '--yes', '--phrase-file', join(world.folder, 'attic-nas', 'phrase')])

  await page.goto(world.url)
  await page.getByRole('link', { name: 'Connect wallet' }).click()
  await page.getByRole('button', { name: 'Test Wallet' }).click()
  await page.waitForURL(`${world.url}/u`)

  const pairing = await startPairing(agent, {
    server: world.url,
    owner: account.address,
    role: 'miner',
    allow: ['sector'],
    folders: [disk],
  })
  await page.goto(pairing.url)
  await expect(page.getByText(pairing.words)).toBeVisible()
  await expect(page.getByText('move, receive or withdraw your tokens')).toBeVisible()
  await page.getByRole('button', { name: 'The words match: approve' }).click()
  await pairing.done
  await agent.start()
  await page.waitForURL(/\/m\/bills\/new/)
  await page.getByRole('button', { name: disk }).click({ timeout: 30_000 })
  await page.getByRole('button', { name: 'space' }).click()
  await page.getByLabel('Space to offer').fill('4')
  await page.getByLabel('Price', { exact: true }).fill('0.25')
  const publish = page.getByRole('button', { name: 'Publish the bill' })
  await expect(publish).toBeEnabled()
  await publish.click()
  await page.waitForURL(`${world.url}/m`, { timeout: 60_000 })
  await page.goto(`${world.url}/m/bills`)
  await expect(page.getByRole('region', { name: 'Your bills' })).toContainText('Open')
  await expect
    .poll(async () => (await agent.json<{ sectors: unknown[] }>(['sector', 'list'])).sectors.length)
    .toBe(1)

  expect(counted.clicks, 'clicks').toBeLessThanOrEqual(MINER_CLICKS)
  expect(wallet.signatures.map((each) => each.kind)).toEqual(['message', 'typed data'])
  expect(wallet.transactions).toHaveLength(1)
})

test('first run of a user: paired, one folder protected, one file restored', async ({
  watched: page,
  world,
  connectAs,
  counted,
}) => {
  const account = devAccount(6)
  await world.devnet.fund(account.address, { faucetCalls: 1 })
  const wallet = await connectAs(account)
  const photos = world.sampleFolder('home/photos')
  const restored = join(world.folder, 'home-restored')
  mkdirSync(restored)
  const agent = await world.agent('laptop')
  await agent.json(['init', '--yes', '--phrase-file', join(world.folder, 'laptop', 'phrase')])

  await page.goto(world.url)
  await page.getByRole('link', { name: 'Connect wallet' }).click()
  await page.getByRole('button', { name: 'Test Wallet' }).click()
  await page.waitForURL(`${world.url}/u`)
  const pairing = await startPairing(agent, {
    server: world.url,
    owner: account.address,
    role: 'user',
    allow: ['read', 'restore'],
    folders: [join(world.folder, 'home'), restored],
  })
  await page.goto(pairing.url)
  await expect(page.getByText(pairing.words)).toBeVisible()
  await page.getByRole('button', { name: 'The words match: approve' }).click()
  await pairing.done
  await agent.start()
  await page.waitForURL(/\/u\/sources\/new/)
  await page.getByRole('button', { name: join(world.folder, 'home') }).click({ timeout: 30_000 })
  await page.getByRole('button', { name: 'photos' }).click()
  await expect(page.getByText(/12 files/)).toBeVisible()
  await expect(page.getByText('is the only one that fits')).toBeVisible()
  const place = page.getByRole('button', { name: 'Place the order' })
  await expect(place).toBeEnabled()
  await place.click()
  await page.waitForURL(/\/u\/sources\/(?!new$)[^/]+$/, { timeout: 60_000 })
  await expect(page.getByRole('heading', { name: 'Protected' })).toBeVisible({ timeout: 90_000 })
  await expect(page.getByText('Equal: the commitment is in force')).toBeVisible()

  expect(counted.clicks, 'clicks').toBeLessThanOrEqual(USER_CLICKS)
  expect(wallet.signatures.map((each) => each.kind)).toEqual(['message', 'typed data'])
  expect(wallet.transactions).toHaveLength(1)

  // one file back, from the miner, compared byte by byte
  await page.getByRole('link', { name: 'Browse and restore' }).click()
  await page.getByLabel('Select note-1.txt').click()
  await page.getByRole('button', { name: 'Restore 1 selected' }).click()
  await page.getByRole('dialog').getByLabel('New folder').fill('one-file')
  await page.getByRole('dialog').getByRole('button', { name: 'Restore', exact: true }).click()
  await page.waitForURL(`${world.url}/u/restores`)
  await expect(page.getByText('Restored', { exact: true }).first()).toBeVisible({ timeout: 60_000 })
  const back = readdirSync(join(restored, 'one-file'), { recursive: true }).map(String)
  const file = back.find((name) => name.endsWith('note-1.txt'))
  expect(back.filter((name) => name.endsWith('.txt'))).toHaveLength(1)
  expect(readFileSync(join(restored, 'one-file', file ?? ''))).toEqual(
    readFileSync(join(photos, 'note-1.txt')),
  )
})

test('a killed dashboard is told within seconds, and comes back without a loss', async ({
  watched: page,
  world,
  connectAs,
}) => {
  await connectAs(devAccount(6))
  await signIn(page, world, '/u/sources')
  await expect(page.getByText('photos').first()).toBeVisible()
  await world.stopWeb('SIGKILL')
  await expect(page.getByText('the dashboard is out of reach')).toBeVisible({ timeout: 6_000 })
  await expect(page.getByText('photos').first()).toBeVisible()
  await world.startWeb()
  await expect(page.getByText('the dashboard is out of reach')).toBeHidden({ timeout: 30_000 })
  await expect(page.getByText('Protected').first()).toBeVisible()
})
