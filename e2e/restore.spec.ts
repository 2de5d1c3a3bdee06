import { chmodSync, linkSync, mkdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { compareTrees } from '../apps/agent/src/source/compare-trees.ts'
import { expect, signIn, test } from './support/fixtures.ts'
import { pairHost } from './support/pair-host.ts'

/** Files of many kinds, with modes and times that no new file would have by itself. */
function oddFolder(folder: string): void {
  const long = new Date('2001-09-09T01:46:40.123Z')
  const at = (...parts: string[]) => join(folder, ...parts)
  mkdirSync(at('projects', 'deep', 'er'), { recursive: true })
  mkdirSync(at('empty folder'))
  writeFileSync(at('none'), '')
  writeFileSync(at('ünïcode ☃ name.txt'), 'snow\n')
  // longer than a piece and not all alike, so that a swapped or a cut piece shows
  writeFileSync(
    at('projects', 'big.bin'),
    Buffer.from(Uint32Array.from({ length: 700_001 }, (_, i) => Math.imul(i, 2_654_435_761)).buffer),
  )
  writeFileSync(at('projects', 'deep', 'er', 'run.sh'), '#!/bin/sh\nexit 0\n')
  writeFileSync(at('secret'), 'only mine\n')
  writeFileSync(at('read-only'), 'not to be changed\n')
  linkSync(at('secret'), at('projects', 'secret again'))
  symlinkSync('../none', at('projects', 'link'))
  symlinkSync('nowhere/at all', at('dangling'))
  chmodSync(at('projects', 'deep', 'er', 'run.sh'), 0o755)
  chmodSync(at('secret'), 0o600)
  chmodSync(at('read-only'), 0o444)
  utimesSync(at('secret'), long, long)
  utimesSync(at('projects', 'deep', 'er', 'run.sh'), long, new Date('2019-02-03T04:05:06.789Z'))
  chmodSync(at('projects', 'deep'), 0o750)
  utimesSync(at('empty folder'), long, new Date('1999-12-31T23:59:59.001Z'))
  utimesSync(at('projects', 'deep'), long, new Date('2010-10-10T10:10:10.010Z'))
  chmodSync(folder, 0o711)
  utimesSync(folder, long, new Date('2015-05-05T05:05:05.555Z'))
}

test('a whole snapshot comes back on the host as it was: every byte, mode and time; also when the miner stands still in between', async ({
  watched: page,
  world,
  connectAs,
}) => {
  const account = privateKeyToAccount(generatePrivateKey())
  await world.devnet.fund(account.address, { faucetCalls: 1 })
  // the cheapest of all that other tests have left in this world: the order is to be its
  const miner = await world.miner('whole-miner', { size: '3GiB', price: '0.1' })
  const everything = join(world.folder, 'whole-home', 'everything')
  mkdirSync(everything, { recursive: true })
  oddFolder(everything)
  const restored = join(world.folder, 'whole-restored')
  mkdirSync(restored)

  await connectAs(account)
  await signIn(page, world)
  await pairHost(page, world, {
    name: 'whole-laptop',
    owner: account.address,
    role: 'user',
    allow: ['read', 'restore'],
    folders: [join(world.folder, 'whole-home'), restored],
  })
  await page.waitForURL(/\/u\/sources\/new/)
  await page.getByRole('button', { name: join(world.folder, 'whole-home') }).click({ timeout: 30_000 })
  await page.getByRole('button', { name: 'everything' }).click()
  await page.getByRole('button', { name: 'Place the order' }).click()
  await page.waitForURL(/\/u\/sources\/(?!new$)[^/]+$/, { timeout: 60_000 })
  await expect(page.getByRole('heading', { name: 'Protected' })).toBeVisible({ timeout: 90_000 })

  const { sectors } = await miner.json<{ sectors: { reserved: number | string }[] }>(['sector', 'list'])
  expect(Number(sectors[0]?.reserved), 'the order is with the miner that will stand still').toBeGreaterThan(0)

  await page.getByRole('link', { name: 'Browse and restore' }).click()
  await page.getByRole('button', { name: 'Restore everything' }).click()
  const snapshot = page.url()
  await page.getByRole('dialog').getByLabel('New folder').fill('all-of-it')
  await page.getByRole('dialog').getByRole('button', { name: 'Restore', exact: true }).click()
  await page.waitForURL(`${world.url}/u/restores`)
  await expect(page.getByText('Restored', { exact: true })).toBeVisible({ timeout: 60_000 })
  await expect(page.getByText(join(restored, 'all-of-it'), { exact: true })).toBeVisible()

  const compared = await compareTrees(everything, join(restored, 'all-of-it'))
  expect(compared.differences).toEqual([])
  expect(compared).toMatchObject({ count: 0, files: 7, directories: 5, links: 2 })

  // the miner stands still: the page shows a restore that waits, also after a reload, and it goes on with the miner
  await page.goto(snapshot)
  await page.getByRole('button', { name: 'Restore everything' }).click()
  await page.getByRole('dialog').getByLabel('New folder').fill('once-more')
  const pid = miner.pid ?? 0
  process.kill(pid, 'SIGSTOP')
  try {
    await page.getByRole('dialog').getByRole('button', { name: 'Restore', exact: true }).click()
    await page.waitForURL(`${world.url}/u/restores`)
    await expect(page.getByRole('progressbar')).toHaveCount(1, { timeout: 30_000 })
    await page.reload()
    await expect(page.getByRole('progressbar')).toHaveCount(1, { timeout: 30_000 })
    await expect(page.getByText('Restored', { exact: true })).toHaveCount(1)
  } finally {
    process.kill(pid, 'SIGCONT')
  }
  await expect(page.getByText('Restored', { exact: true })).toHaveCount(2, { timeout: 90_000 })
  expect((await compareTrees(everything, join(restored, 'once-more'))).differences).toEqual([])
})
