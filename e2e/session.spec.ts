import { join } from 'node:path'
import { openDatabase } from '@dmc/db/open-database'
import { devAccount } from '@dmc/testkit/dev-accounts'
import { expect, signIn, test } from './support/fixtures.ts'

test('a session that has ended is said on the open page; signed in again one is back on it', async ({
  watched: page,
  world,
  connectAs,
}) => {
  await connectAs(devAccount(5))
  await signIn(page, world, '/activity?level=error')
  await expect(page.getByRole('heading', { name: 'Activity' })).toBeVisible()
  await world.stopWeb()
  // as a week would do it
  const db = await openDatabase({ folder: join(world.folder, 'web') })
  await db.prisma.session.updateMany({ data: { expiresAt: new Date(Date.now() - 1000) } })
  await db.close()
  await world.startWeb()
  const banner = page.getByRole('status').getByText('You are not signed in any more.')
  await expect(banner).toBeVisible({ timeout: 30_000 })
  // what was in sight stays
  await expect(page.getByRole('heading', { name: 'Activity' })).toBeVisible()
  await page.getByRole('link', { name: 'Sign in again' }).click()
  await page.getByRole('button', { name: 'Test Wallet' }).click()
  await page.waitForURL((url) => url.pathname + url.search === '/activity?level=error')
  await expect(page.getByText('You are not signed in any more.')).toHaveCount(0)
})

test('a session that was ended elsewhere is said at once, without a click', async ({
  watched: page,
  world,
  connectAs,
}) => {
  await connectAs(devAccount(1))
  await signIn(page, world, '/activity?level=error')
  await expect(page.getByRole('heading', { name: 'Activity' })).toBeVisible()
  const cookies = await page.context().cookies()
  const cookie = cookies.map(({ name, value }) => `${name}=${value}`).join('; ')
  const answer = await fetch(`${world.url}/api/trpc/auth.signOut`, {
    method: 'POST',
    headers: { cookie, origin: world.url, 'content-type': 'application/json' },
    body: '{}',
  })
  expect(answer.status).toBe(200)
  await expect(page.getByText('You are not signed in any more.')).toBeVisible({ timeout: 3_000 })
})
