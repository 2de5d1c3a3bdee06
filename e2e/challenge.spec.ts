import { readOrder } from '@dmc/core/chain/read-order'
import { expect, signIn, test } from './support/fixtures.ts'
import { fillWorld, OWNER } from './support/full-world.ts'

test.use({ worldOf: 'challenge' })

test('a user has its order checked now, then challenges it on chain, and the miner’s agent answers by itself', async ({
  watched: page,
  world,
  connectAs,
}) => {
  test.setTimeout(420_000)
  await connectAs(OWNER)
  await signIn(page, world)
  await fillWorld(page, world)
  const orderId = 1n
  const order = () => readOrder(world.devnet.client, { market: world.devnet.market, orderId })
  await page.goto(`${world.url}/u/orders/${orderId}`)
  // the host believes an agreement some blocks later than the page shows it: a check before that is told as "Unknown"
  const { client } = world.devnet
  const head = await client.getBlockNumber({ cacheTime: 0 })
  await expect
    .poll(() => client.getBlockNumber({ cacheTime: 0 }), { timeout: 60_000 })
    .toBeGreaterThan(head + 4n)

  const proof = page.getByRole('region', { name: 'Proof' })
  await proof.getByRole('button', { name: 'Check now' }).click()
  await expect(proof.getByRole('status')).toContainText('Passed', { timeout: 60_000 })
  await expect(proof.getByRole('img', { name: /^30 days: 1 passed/ })).toBeVisible({ timeout: 30_000 })
  await expect(proof).toContainText('1 % loss would be noticed within')
  await expect(proof).toContainText(/Last proven\s*just now|Last proven/)

  const acts = page.getByRole('region', { name: 'Acts' })
  const dialog = page.getByRole('dialog')
  await acts.getByRole('button', { name: 'Top up' }).click()
  await dialog.getByRole('textbox').fill('2')
  await dialog.getByRole('button', { name: 'Top up the reserve' }).click()
  await expect(dialog.getByText('Confirmed')).toBeVisible({ timeout: 30_000 })
  await dialog.getByRole('button', { name: 'Done' }).click()
  const { reserve, bond } = await order()
  expect(reserve).toBe(2n * bond)

  await expect(acts).toBeVisible()
  await acts.getByRole('button', { name: 'Challenge' }).click()
  await expect(dialog).toContainText('Bond, from the reserve')
  await dialog.getByRole('button', { name: 'Open the challenge' }).click()
  await expect(dialog.getByText('Confirmed')).toBeVisible({ timeout: 30_000 })
  await dialog.getByRole('button', { name: 'Done' }).click()
  await expect.poll(async () => (await order()).challenge, { timeout: 60_000 }).toBeNull()
  // the bond went to the miner, the pledge is still there
  expect(await order()).toMatchObject({ state: 'active', reserve: bond })
  const past = page.getByRole('region', { name: 'Challenges on chain' })
  await expect(past).toContainText('Answered', { timeout: 30_000 })
  await page.goto(`${world.url}/orders/${orderId}`)
  await expect(page.getByRole('region', { name: 'Challenges on chain' })).toContainText('Answered')
})
