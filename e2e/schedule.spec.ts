import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { devAccount } from '@dmc/testkit/dev-accounts'
import { expect, signIn, test } from './support/fixtures.ts'
import { startPairing } from './support/pair.ts'

interface Listed {
  sources: {
    sourceId: string
    snapshots: number
    excludes: string[]
    schedule: { lastOutcome: string | null; missed: number } | null
  }[]
}

test.describe.configure({ mode: 'serial' })
const account = devAccount(8)

test('a schedule set in the browser: the host backs up by itself with the dashboard stopped, without what is left out', async ({
  watched: page,
  world,
  connectAs,
}) => {
  test.setTimeout(300_000)
  await world.devnet.fund(account.address, { faucetCalls: 1 })
  await connectAs(account)
  await world.miner('night-nas', { size: '64MiB', price: '0.2' })
  const home = join(world.folder, 'desk')
  const papers = join(home, 'papers')
  mkdirSync(join(papers, 'cache'), { recursive: true })
  writeFileSync(join(papers, 'letter.txt'), 'first\n')
  for (let i = 0; i < 5; i++) writeFileSync(join(papers, `junk-${i}.tmp`), 'x'.repeat(1000))
  writeFileSync(join(papers, 'cache/big'), 'y'.repeat(100_000))
  const agent = await world.agent('desk')
  await agent.json(['init', '--yes', '--phrase-file', join(world.folder, 'desk-phrase')])
  await signIn(page, world, '/u')
  const pairing = await startPairing(agent, {
    server: world.url,
    owner: account.address,
    role: 'user',
    allow: ['read'],
    folders: [home],
  })
  await page.goto(pairing.url)
  await page.getByRole('button', { name: 'The words match: approve' }).click()
  await pairing.done
  await agent.start()
  await page.waitForURL(/\/u\/sources\/new/)
  await page.getByRole('button', { name: home }).click({ timeout: 30_000 })
  await page.getByRole('button', { name: 'papers' }).click()
  await expect(page.getByText(/7 files/)).toBeVisible()
  // the estimate is live: it leaves out what the list says
  await page.getByLabel('Leave out').fill('*.tmp\n/cache/')
  await expect(page.getByText(/^1 files/)).toBeVisible()
  await expect(page.getByText(/6 left out/)).toBeVisible()
  await expect(page.getByText(/a week/).first()).toBeVisible()
  await expect(page.getByLabel('Back up by itself')).toHaveValue('times')
  await page.getByLabel('Back up by itself').selectOption('interval')
  await page.getByLabel('Interval').fill('1m')
  const place = page.getByRole('button', { name: 'Place the order' })
  await expect(place).toBeEnabled()
  await place.click()
  // each run costs the host's gas: so often is for the host to say, and what to type there is told
  await expect(page.getByText(/less than 15 minutes/)).toBeVisible({ timeout: 30_000 })
  await expect(page.getByText(/dmc-agent source schedule \S+ --every 1m/)).toBeVisible()
  await page.getByLabel('Interval').fill('15m')
  await place.click()
  await page.waitForURL(/\/u\/sources\/(?!new)[^/]+$/, { timeout: 60_000 })
  await expect(page.getByRole('heading', { name: 'Protected' })).toBeVisible({ timeout: 90_000 })
  const card = page.getByRole('region', { name: 'Schedule' })
  await expect(card).toContainText('every 15m')
  await agent.json(['source', 'schedule', 'papers', '--every', '1m'])
  await expect(card).toContainText('every 1m', { timeout: 30_000 })
  await expect(card).toContainText('Next run')
  await expect(card).toContainText('*.tmp /cache/')

  const listed = async () => (await agent.json<Listed>(['source', 'list'])).sources[0]
  await expect(page.getByText('Equal: the commitment is in force')).toBeVisible({ timeout: 90_000 })
  await expect.poll(async () => (await listed())?.snapshots, { timeout: 60_000 }).toBe(1)
  const before = 1
  await world.stopWeb('SIGKILL')
  appendFileSync(join(papers, 'letter.txt'), 'written while nobody looked\n')
  writeFileSync(join(papers, 'more.tmp'), 'z')
  await expect.poll(async () => (await listed())?.snapshots, { timeout: 120_000 }).toBeGreaterThan(before)
  await world.startWeb()
  await page.goto(page.url())
  await expect(page.getByRole('region', { name: 'Snapshots' }).getByRole('row')).toHaveCount(before + 2, {
    timeout: 60_000,
  })
  await page.getByRole('link', { name: 'Browse and restore' }).first().click()
  await expect(page.getByText('letter.txt')).toBeVisible({ timeout: 30_000 })
  await expect(page.getByText(/\.tmp/)).toHaveCount(0)
  await expect(page.getByText('cache')).toHaveCount(0)
})

test('schedule and excludes are changed on the page; that fewer snapshots are kept is said on the host alone', async ({
  watched: page,
  world,
  connectAs,
}) => {
  test.setTimeout(120_000)
  await connectAs(account)
  await signIn(page, world, '/u/sources')
  await page.getByRole('link', { name: 'papers' }).click()
  const card = page.getByRole('region', { name: 'Schedule' })
  await card.getByRole('button', { name: 'Change' }).click()
  await card.getByLabel('Back up by itself').selectOption('cron')
  await card.getByLabel('Cron rule').fill('0 3 31 2 *')
  await card.getByLabel('Leave out').fill('*.tmp')
  await card.getByRole('button', { name: 'Save' }).click()
  // what is right is taken, what is wrong is said where it was written
  await expect(card.getByText(/never comes/)).toBeVisible()
  await card.getByLabel('Cron rule').fill('0 3 * * 1-5')
  await card.getByRole('button', { name: 'Save' }).click()
  await expect(card).toContainText('cron 0 3 * * 1-5', { timeout: 20_000 })
  await expect(card).not.toContainText('/cache/')
  await expect(card).toContainText('Snapshots kept')
  await card.getByRole('button', { name: 'Change' }).click()
  await card.getByLabel('Newest').fill('1')
  await card.getByRole('button', { name: 'Save' }).click()
  await expect(card.getByRole('alert')).toContainText(/On the host, run: dmc-agent source keep \w+ --last 1/)
  await card.getByRole('button', { name: 'Cancel' }).click()
  await expect(card).toContainText('all')
  await card.getByRole('button', { name: 'Change' }).click()
  await card.getByLabel('Back up by itself').selectOption('off')
  await card.getByRole('button', { name: 'Save' }).click()
  await expect(card).toContainText('by hand only', { timeout: 20_000 })
})
