import { devAccount } from '@dmc/testkit/dev-accounts'
import { rpc } from '@dmc/testkit/rpc'
import type { Page } from '@playwright/test'
import { expect, signIn, test } from './support/fixtures.ts'
import { act, moneyOf, orderOf, pass, placeOrder, publishBill } from './support/trade.ts'
import type { World } from './support/world.ts'

test.use({ worldOf: 'acts' })

const DMC = 10n ** 18n
const WEEK = 7n * 86_400n
const [user, miner] = [devAccount(5), devAccount(6)]
let billId = 0n

/** Shows an order of the wallet that is signed in, as soon as the dashboard has seen it. */
async function open(page: Page, world: World, path: string): Promise<void> {
  await expect(async () => {
    await page.goto(`${world.url}${path}`)
    await expect(page.getByRole('region', { name: 'Acts' })).toBeVisible({ timeout: 3_000 })
  }).toPass({ timeout: 30_000 })
}

/** Opens the review of an act, fills in what it asks, confirms, and waits for the confirmations. */
async function carryOut(
  page: Page,
  of: { name: string; fill?: string; button: string | RegExp; says?: RegExp },
) {
  await page.getByRole('region', { name: 'Acts' }).getByRole('button', { name: of.name }).click()
  await confirm(page, of)
}

async function confirm(page: Page, of: { fill?: string; button: string | RegExp; says?: RegExp }) {
  const dialog = page.getByRole('dialog')
  if (of.fill !== undefined) await dialog.getByRole('textbox').fill(of.fill)
  if (of.says !== undefined) await expect(dialog).toContainText(of.says)
  await dialog.getByRole('button', { name: of.button }).click()
  await expect(dialog.getByText('Confirmed')).toBeVisible({ timeout: 30_000 })
  await dialog.getByRole('button', { name: 'Done' }).click()
  await expect(dialog).toBeHidden()
}

test.beforeAll(async ({ world }) => {
  await world.devnet.fund(user.address)
  billId = await publishBill(world, miner)
})

test.afterEach(({ world }) => rpc(world.devnet.url, 'evm_setIntervalMining', [1]))

test('a user tops up, extends and shortens an order; every token is where the review said', async ({
  watched: page,
  world,
  connectAs,
}) => {
  const orderId = await placeOrder(world, { billId, user, miner, active: true })
  const wallet = await connectAs(user)
  await signIn(page, world)
  await open(page, world, `/u/orders/${orderId}`)
  const before = await moneyOf(world, user)

  await carryOut(page, { name: 'Top up', fill: '3', button: 'Top up the reserve', says: /6\.?0* DMC/ })
  expect((await orderOf(world, orderId)).reserve).toBe(8n * DMC)
  expect((await moneyOf(world, user)).wallet).toBe(before.wallet - 6n * DMC)
  // the Market was allowed exactly that, by a transaction of its own
  expect(wallet.transactions).toHaveLength(2)

  await carryOut(page, { name: 'Extend', fill: '5', button: 'Extend the order', says: /5\.?0* DMC/ })
  expect((await orderOf(world, orderId)).weeks).toBe(15)
  expect((await moneyOf(world, user)).wallet).toBe(before.wallet - 11n * DMC)

  await carryOut(page, { name: 'Shorten', fill: '4', button: 'Shorten the order', says: /11\.?0* DMC/ })
  const order = await orderOf(world, orderId)
  expect(order.weeks).toBe(4)
  expect(order.endsAt).toBe(order.start + 4n * WEEK)
  expect((await moneyOf(world, user)).credit).toBe(before.credit + 11n * DMC)
  await expect(page.getByText('4 weeks', { exact: true })).toBeVisible()
})

test('a wallet that does several calls as one is asked once; a "no" leaves nothing behind', async ({
  watched: page,
  world,
  connectAs,
}) => {
  const orderId = await placeOrder(world, { billId, user, miner, active: true })
  const wallet = await connectAs(user)
  wallet.atomic = true
  await signIn(page, world)
  await open(page, world, `/u/orders/${orderId}`)
  const before = await moneyOf(world, user)

  await page.getByRole('region', { name: 'Acts' }).getByRole('button', { name: 'Top up' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('textbox').fill('3')
  wallet.rejectNext = true
  await dialog.getByRole('button', { name: 'Top up the reserve' }).click()
  await expect(dialog.getByRole('button', { name: 'Top up the reserve' })).toBeVisible()
  await expect(dialog.getByRole('alert')).toHaveCount(0)
  await confirm(page, { fill: '3', button: 'Top up the reserve', says: /6\.?0* DMC/ })
  expect((await orderOf(world, orderId)).reserve).toBe(8n * DMC)
  expect((await moneyOf(world, user)).wallet).toBe(before.wallet - 6n * DMC)
  expect(wallet.batches.map((calls) => calls.length)).toEqual([2])
  expect(wallet.transactions).toHaveLength(1)
  expect(wallet.signatures.map(({ kind }) => kind)).toEqual(['message'])

  // reloaded while the wallet sends it, it is followed to its end
  await rpc(world.devnet.url, 'evm_setIntervalMining', [0])
  await page.getByRole('region', { name: 'Acts' }).getByRole('button', { name: 'Extend' }).click()
  await dialog.getByRole('textbox').fill('5')
  await dialog.getByRole('button', { name: 'Extend the order' }).click()
  await expect(dialog.getByText('0 of 2 confirmations')).toBeVisible({ timeout: 30_000 })
  await page.reload()
  await expect(page.getByRole('button', { name: 'Transactions: 1 waiting' })).toBeVisible()
  await rpc(world.devnet.url, 'evm_setIntervalMining', [1])
  await expect(page.getByRole('button', { name: 'Transactions', exact: true })).toBeVisible({
    timeout: 30_000,
  })
  expect((await orderOf(world, orderId)).weeks).toBe(15)
  expect(wallet.transactions).toHaveLength(2)
})

test('credit is withdrawn by the button that says how much', async ({ watched: page, world, connectAs }) => {
  const before = await moneyOf(world, user)
  expect(before.credit).toBeGreaterThan(0n)
  await connectAs(user)
  await signIn(page, world, '/u/spending')
  await page.getByRole('region', { name: 'Credit' }).getByRole('button', { name: 'Withdraw' }).click()
  await confirm(page, { button: 'Withdraw', says: /11\.?0* DMC/ })
  expect(await moneyOf(world, user)).toEqual({ wallet: before.wallet + before.credit, credit: 0n })
  await expect(page.getByRole('region', { name: 'Credit' })).toContainText('Nothing to withdraw')
  await page.getByRole('region', { name: 'Over time' }).getByText('As a table').click()
  await expect(page.getByRole('table').first()).toContainText('DMC')
})

test('an order ends when both sides wish it, and the review shows the wish of the other', async ({
  watched: page,
  world,
  connectAs,
}) => {
  const orderId = await placeOrder(world, { billId, user, miner, active: true })
  const { timestamp } = await world.devnet.client.getBlock()
  await act(world, miner, 'end', [orderId, timestamp + WEEK])
  await connectAs(user)
  await signIn(page, world)
  await open(page, world, `/u/orders/${orderId}`)
  const before = await moneyOf(world, user)
  await carryOut(page, { name: 'End now', button: 'State the wish to end it', says: /stands until/ })
  expect((await orderOf(world, orderId)).state).toBe('ended')
  const { credit } = await moneyOf(world, user)
  // but for the seconds that the miner kept the data
  expect(credit - before.credit).toBeGreaterThan((119n * DMC) / 10n)
  expect(credit - before.credit).toBeLessThan(12n * DMC)
  await expect(page.getByText('Ended').first()).toBeVisible({ timeout: 15_000 })
})

test('an order that has not started is cancelled with all of its money', async ({
  watched: page,
  world,
  connectAs,
}) => {
  const orderId = await placeOrder(world, { billId, user, miner, active: false })
  await connectAs(user)
  await signIn(page, world)
  await open(page, world, `/u/orders/${orderId}`)
  const before = await moneyOf(world, user)
  await carryOut(page, { name: 'Cancel', button: 'Cancel the order', says: /12\.?0* DMC/ })
  expect((await orderOf(world, orderId)).state).toBe('cancelled')
  expect((await moneyOf(world, user)).credit).toBe(before.credit + 12n * DMC)
})

test('a miner refuses, shrinks its bill, claims and gives notice', async ({
  watched: page,
  world,
  connectAs,
}) => {
  test.setTimeout(240_000)
  const refused = await placeOrder(world, { billId, user, miner, active: false })
  const orderId = await placeOrder(world, { billId, user, miner, active: true })
  await connectAs(miner)
  await signIn(page, world, '/m')
  await open(page, world, `/m/orders/${refused}`)
  await carryOut(page, { name: 'Refuse', fill: 'no space left', button: 'Refuse the order' })
  expect((await orderOf(world, refused)).state).toBe('refused')

  await page.goto(`${world.url}/m/bills`)
  const before = await moneyOf(world, miner)
  await page.getByRole('button', { name: `Shrink bill ${billId}` }).click()
  await confirm(page, { fill: '1024', button: 'Shrink the bill', says: /4\.?0* DMC/ })
  expect((await moneyOf(world, miner)).credit).toBe(before.credit + 4n * DMC)

  await open(page, world, `/m/orders/${orderId}`)
  await expect(page.getByRole('button', { name: /^Claim/ })).toBeDisabled()
  await pass(world, 2n * WEEK)
  await expect(page.getByRole('button', { name: /^Claim/ })).toBeEnabled({ timeout: 30_000 })
  const earlier = await moneyOf(world, miner)
  await carryOut(page, { name: 'Claim', button: 'Claim' })
  const claimed = (await moneyOf(world, miner)).credit - earlier.credit
  expect(claimed).toBeGreaterThanOrEqual(DMC)
  expect(claimed).toBeLessThan((DMC * 11n) / 10n)
  expect((await orderOf(world, orderId)).claimed).toBe(claimed)

  await carryOut(page, { name: 'Give notice', button: 'Give notice' })
  const { noticeEndsAt, endsAt } = await orderOf(world, orderId)
  expect(noticeEndsAt).toBe(endsAt)
  await expect(page.getByText('Miner leaves', { exact: true })).toBeVisible({ timeout: 15_000 })
})

test('a missed challenge is opened, slashed, and shown, all by clicks of the user', async ({
  watched: page,
  world,
  connectAs,
}) => {
  test.setTimeout(240_000)
  const orderId = await placeOrder(world, { billId, user, miner, active: true })
  await connectAs(user)
  await signIn(page, world)
  await open(page, world, `/u/orders/${orderId}`)
  // a leaf that is not there is refused before the wallet is asked
  await page.getByRole('region', { name: 'Acts' }).getByRole('button', { name: 'Challenge' }).click()
  await page.getByRole('dialog').getByRole('textbox').fill('64')
  await expect(page.getByRole('dialog').getByRole('alert')).toBeVisible()
  await confirm(page, { fill: '7', button: 'Open the challenge', says: /leaf 7/ })
  expect((await orderOf(world, orderId)).challenge).toMatchObject({ leafIndex: 7n, bond: 2n * DMC })
  await expect(page.getByText('Challenged on chain: the miner must show leaf 7')).toBeVisible({
    timeout: 15_000,
  })
  await expect(page.getByRole('button', { name: /^Slash/ })).toBeDisabled()

  const before = await moneyOf(world, user)
  await pass(world, 86_400n + 60n)
  await expect(page.getByRole('button', { name: /^Slash/ })).toBeEnabled({ timeout: 30_000 })
  await carryOut(page, { name: 'Slash', button: 'Slash the pledge' })
  expect((await orderOf(world, orderId)).state).toBe('slashed')
  // escrow 10, reserve 2, half of the pledge of 4 weeks, and the reporter's twentieth of it
  expect((await moneyOf(world, user)).credit - before.credit).toBe(14n * DMC + (4n * DMC) / 20n)
  await page.goto(`${world.url}/orders/${orderId}`)
  await expect(page.getByRole('table')).toContainText('Not answered')
})

test('an order whose time is over is finished by the user: the miner has earned all of it', async ({
  watched: page,
  world,
  connectAs,
}) => {
  test.setTimeout(240_000)
  const orderId = await placeOrder(world, { billId, user, miner, active: true })
  await connectAs(user)
  await signIn(page, world)
  await open(page, world, `/u/orders/${orderId}`)
  const { endsAt, escrow, reserve, pledge } = await orderOf(world, orderId)
  const { timestamp } = await world.devnet.client.getBlock()
  await pass(world, endsAt - timestamp + WEEK)
  const [mine, theirs] = [await moneyOf(world, user), await moneyOf(world, miner)]
  await expect(page.getByRole('button', { name: /^Finish/ })).toBeEnabled({ timeout: 30_000 })
  await carryOut(page, { name: 'Finish', button: 'Finish the order' })
  expect((await orderOf(world, orderId)).state).toBe('ended')
  // what was paid for was kept to the end: the miner has earned all of it, and its pledge is free
  expect((await moneyOf(world, user)).credit - mine.credit).toBe(reserve)
  expect((await moneyOf(world, miner)).credit - theirs.credit).toBe(escrow + pledge)
})

test('a miner cancels a bill: what is free of its pledge comes back', async ({
  watched: page,
  world,
  connectAs,
}) => {
  const own = await publishBill(world, miner)
  await connectAs(miner)
  await signIn(page, world, '/m')
  await page.goto(`${world.url}/m/bills`)
  const button = page.getByRole('button', { name: `Cancel bill ${own}` })
  await expect(button).toBeVisible({ timeout: 30_000 })
  const before = await moneyOf(world, miner)
  await button.click()
  await confirm(page, { button: 'Cancel the bill', says: /32\.?0* DMC/ })
  expect((await moneyOf(world, miner)).credit).toBe(before.credit + 32n * DMC)
  await expect(page.getByRole('row', { name: new RegExp(`Bill ${own}`) })).toContainText('Cancelled', {
    timeout: 15_000,
  })
})

test('what changes after a page was rendered and before it listens is shown, too', async ({
  watched: page,
  world,
  connectAs,
}) => {
  await connectAs(miner)
  await signIn(page, world, '/m')
  const listen = Promise.withResolvers<void>()
  await page.routeWebSocket(/\/api\/ws/, async (socket) => {
    await listen.promise
    socket.connectToServer()
  })
  await page.goto(`${world.url}/m/bills`)
  await expect(page.getByRole('link', { name: `Bill ${billId}`, exact: true })).toBeVisible()
  const own = await publishBill(world, miner)
  const link = page.getByRole('link', { name: `Bill ${own}`, exact: true })
  // the dashboard has it; this page was told nothing
  await expect(async () => {
    const html = await (await page.request.get(`${world.url}/m/bills`)).text()
    expect(html).toContain(`Bill <!-- -->${own}`)
  }).toPass({ timeout: 20_000 })
  listen.resolve()
  await expect(link).toBeVisible({ timeout: 5_000 })
})
