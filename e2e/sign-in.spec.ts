import { devAccount } from '@dmc/testkit/dev-accounts'
import { expect, signIn, test } from './support/fixtures.ts'

test.use({ worldOf: 'accounts' })

test('signs in with one click and one signature, stays after a reload, signs out', async ({
  watched: page,
  world,
  connectAs,
}) => {
  const wallet = await connectAs(devAccount(1))
  await signIn(page, world)
  expect(wallet.signatures).toHaveLength(1)
  expect(wallet.signatures[0]?.text).toContain('Sign in to the DMC dashboard')
  expect(wallet.transactions).toHaveLength(0)
  await page.reload()
  await expect(page.getByRole('heading', { name: 'Overview' })).toBeVisible()
  const cookie = (await page.context().cookies()).find((each) => each.httpOnly)
  expect(cookie?.sameSite).toMatch(/Lax|Strict/)
  await page.getByRole('button', { name: /^Wallet 0x/ }).click()
  await page.getByRole('button', { name: 'Sign out' }).click()
  await page.waitForURL(`${world.url}/`)
  await page.goto(`${world.url}/u`)
  await page.waitForURL(/\/connect\?next=%2Fu/)
})

test('a "no" in the wallet is silent, and the next try works', async ({
  watched: page,
  world,
  connectAs,
}) => {
  const wallet = await connectAs(devAccount(2))
  await page.goto(`${world.url}/connect`)
  wallet.rejectNext = true
  const button = page.getByRole('button', { name: 'Test Wallet' })
  await button.click()
  await expect(button).toBeEnabled()
  await expect(page.getByRole('main').getByRole('alert')).toHaveCount(0)
  await button.click()
  await page.waitForURL(`${world.url}/u`)
})

test('a wallet on another chain is asked to switch first', async ({ watched: page, world, connectAs }) => {
  const wallet = await connectAs(devAccount(3), { chainId: 1 })
  await signIn(page, world)
  expect(wallet.chainId).toBe(world.devnet.anvil.chainId)
})

test('on the devnet a person without a wallet uses the test account', async ({ watched: page, world }) => {
  await page.goto(`${world.url}/connect`)
  await expect(page.getByText('No wallet in this browser')).toBeVisible()
  await page.getByRole('button', { name: /Use the test account/ }).click()
  await page.waitForURL(`${world.url}/u`)
  await expect(page.getByText('Your first backup')).toBeVisible()
})

test('every signed-in page sends a stranger to the sign-in and back', async ({
  watched: page,
  world,
  connectAs,
}) => {
  await connectAs(devAccount(4))
  await page.goto(`${world.url}/activity?level=error`)
  await page.waitForURL(/\/connect\?next=/)
  await page.getByRole('button', { name: 'Test Wallet' }).click()
  await page.waitForURL(`${world.url}/activity?level=error`)
})
