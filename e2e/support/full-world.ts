import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { devAccount } from '@dmc/testkit/dev-accounts'
import type { Page } from '@playwright/test'
import { offerSpace } from './offer-space.ts'
import { pairHost } from './pair-host.ts'
import type { World } from './world.ts'

/** The wallet that has everything: hosts, a source with an active order, a bill with an order on it. */
export const OWNER = devAccount(7)

/**
 * Fills a world as a person would, by the browser: a miner's host and a user's host of one wallet are paired, two other miners offer,
 * a folder is backed up. The page must have a test wallet of OWNER and be signed in.
 */
export async function fillWorld(page: Page, world: World): Promise<void> {
  await world.devnet.fund(OWNER.address, { faucetCalls: 2 })
  await world.miner('miner-north', { size: '3GiB', price: '0.4', pledgeRate: '4' })
  await world.miner('miner-south', { size: '2GiB', price: '0.65', pledgeRate: '8' })
  await offerSpace(page, world, { name: 'attic-nas', owner: OWNER.address, gib: '6', price: '0.55' })

  world.sampleFolder('home/photos', 24)
  world.sampleFolder('home/letters', 6)
  const restored = join(world.folder, 'restored')
  mkdirSync(restored)
  await pairHost(page, world, {
    name: 'laptop',
    owner: OWNER.address,
    role: 'user',
    allow: ['read', 'restore'],
    folders: [join(world.folder, 'home'), restored],
  })
  await page.waitForURL(/\/u\/sources\/new/)
  await page.getByRole('button', { name: join(world.folder, 'home') }).click({ timeout: 30_000 })
  await page.getByRole('button', { name: 'photos' }).click()
  await page.getByRole('button', { name: 'Place the order' }).click()
  await page.waitForURL(/\/u\/sources\/[^/]+$/, { timeout: 60_000 })
  await page.getByRole('heading', { name: 'Protected' }).waitFor({ timeout: 90_000 })
}

/** Every screen by name; `source` is the id of the source that `fillWorld` made. */
export const screens = (of: {
  source: string
  snapshot: string
  miner: string
}): [name: string, path: string][] => [
  ['landing', '/'],
  ['market', '/market'],
  ['market-compare', '/market?compare=1,2&gib=4'],
  ['bill', '/bills/1'],
  ['order', '/orders/1'],
  ['miner', `/miners/${of.miner}`],
  ['user-overview', '/u'],
  ['sources', '/u/sources'],
  ['source', `/u/sources/${of.source}`],
  ['snapshot', `/u/sources/${of.source}/snapshots/${of.snapshot}`],
  ['new-source', '/u/sources/new'],
  ['user-orders', '/u/orders'],
  ['user-order', '/u/orders/1'],
  ['restores', '/u/restores'],
  ['spending', '/u/spending'],
  ['miner-overview', '/m'],
  ['sectors', '/m/sectors'],
  ['bills', '/m/bills'],
  ['new-bill', '/m/bills/new'],
  ['miner-orders', '/m/orders'],
  ['miner-order-of-another', '/m/orders/1'],
  ['challenges', '/m/challenges'],
  ['earnings', '/m/earnings'],
  ['agents', '/agents'],
  ['pair', '/pair'],
  ['activity', '/activity'],
  ['alerts', '/alerts'],
  ['settings', '/settings'],
  ['stop-mails', `/stop-mails?t=${'A'.repeat(32)}`],
]

/** The form in which a source's schedule is changed, with what the host refused of it; the source's page must be open. */
export async function openScheduleForm(page: Page): Promise<void> {
  const card = page.getByRole('region', { name: 'Schedule' })
  await card.getByRole('button', { name: 'Change' }).click()
  await card.getByLabel('Back up by itself').selectOption('cron')
  await card.getByLabel('Cron rule').fill('0 3 31 2 *')
  await card.getByLabel('Leave out').fill('*.tmp\nnode_modules/')
  await card.getByLabel('Newest').fill('3')
  await card.getByRole('button', { name: 'Save' }).click()
  await card.getByText('On the host, run').waitFor()
  await card.getByText('never comes').waitFor()
}

/** The review of an extension; an order's own page must be open. */
export async function openReview(page: Page): Promise<void> {
  await page.getByRole('region', { name: 'Acts' }).getByRole('button', { name: 'Extend' }).click()
  await page.getByRole('dialog').getByText('To pay now').waitFor()
}

/** Ids of what `fillWorld` made, read from the pages themselves. */
export async function findScreens(page: Page, world: World): Promise<[name: string, path: string][]> {
  await page.goto(`${world.url}/u/sources`)
  await page.getByRole('link', { name: 'photos' }).click()
  await page.waitForURL(/\/u\/sources\/[^/]+$/)
  const source = new URL(page.url()).pathname.split('/')[3] ?? ''
  await page.getByRole('link', { name: 'Browse and restore' }).first().click()
  await page.waitForURL(/\/snapshots\//)
  const snapshot = new URL(page.url()).pathname.split('/')[5] ?? ''
  return screens({ source, snapshot, miner: OWNER.address })
}
