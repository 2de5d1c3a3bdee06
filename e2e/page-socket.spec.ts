import { devAccount } from '@dmc/testkit/dev-accounts'
import type { Page, WebSocket } from '@playwright/test'
import { expect, signIn, test } from './support/fixtures.ts'
import type { World } from './support/world.ts'

/** Every socket that the page opens from now on; that of the sign-in page is not counted. */
async function socketsAfterSignIn(page: Page, world: World): Promise<WebSocket[]> {
  await signIn(page, world)
  await page.goto('about:blank')
  const sockets: WebSocket[] = []
  page.on('websocket', (socket) => sockets.push(socket))
  return sockets
}

test('a page whose scripts come slowly opens one socket, and is never out of reach', async ({
  watched: page,
  world,
  connectAs,
}) => {
  await connectAs(devAccount(3))
  const sockets = await socketsAfterSignIn(page, world)
  let scripts = 0
  // one after the other: with each, React begins anew with what it could not finish
  await page.route('**/_next/static/**/*.js', async (route) => {
    await new Promise((resolve) => setTimeout(resolve, 100 * scripts++))
    await route.continue()
  })
  await page.goto(`${world.url}/u`)
  await page.waitForLoadState('networkidle')
  await expect.poll(() => sockets.length, { timeout: 30_000 }).toBeGreaterThan(0)
  // longer than a lost connection may take to come back before anyone is told
  await page.waitForTimeout(3_000)
  expect(scripts).toBeGreaterThan(5)
  expect(sockets).toHaveLength(1)
  await expect(page.getByText('out of reach')).toHaveCount(0)
})

test('whoever goes to the public pages and back, often, still has one socket', async ({
  watched: page,
  world,
  connectAs,
}) => {
  await connectAs(devAccount(3))
  const sockets = await socketsAfterSignIn(page, world)
  await page.goto(`${world.url}/u`)
  const open = () => sockets.filter((socket) => !socket.isClosed()).length
  // more often than a session may have sockets
  for (let i = 0; i < 12; i++) {
    await expect.poll(open).toBe(1)
    await page.getByRole('link', { name: 'DMC, to the start page' }).click()
    await page.waitForURL(`${world.url}/`)
    await expect.poll(open).toBe(0)
    await page.getByRole('banner').locator('a[href="/u"]').click()
    await page.waitForURL(`${world.url}/u`)
  }
  await expect.poll(open).toBe(1)
  await expect(page.getByText('out of reach')).toHaveCount(0)
})
