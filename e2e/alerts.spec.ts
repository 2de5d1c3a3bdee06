import { type SmtpReceiver, startSmtpReceiver } from '@dmc/testkit/smtp-receiver'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { startWebhookReceiver } from '../apps/web/test/support/webhook-receiver.ts'
import { activeOrder } from './support/active-order.ts'
import { faults } from './support/axe.ts'
import { expect, signIn, test } from './support/fixtures.ts'

/** Time is warped here: no other test shares this chain. */
test.use({ worldOf: 'alerts' })
test.describe.configure({ mode: 'serial' })

const DAY = 86_400
const user = privateKeyToAccount(generatePrivateKey())
const miner = privateKeyToAccount(generatePrivateKey())
let hook: Awaited<ReturnType<typeof startWebhookReceiver>>
let mail: SmtpReceiver

test.beforeAll(async ({ world }) => {
  hook = await startWebhookReceiver()
  mail = await startSmtpReceiver()
  world.webEnv = {
    DMC_SMTP_URL: mail.url,
    DMC_MAIL_FROM: 'dmc@dashboard.example',
    DMC_ALLOW_PRIVATE_WEBHOOKS: '1',
  }
  await world.stopWeb()
  await world.startWeb()
  for (const account of [user, miner]) await world.devnet.fund(account.address, { faucetCalls: 1 })
})

test.afterAll(async () => {
  await hook.close()
  await mail.close()
})

const posted = () =>
  hook.posted.map(({ body }) => JSON.parse(body) as { test: boolean; alerts: { message: string }[] })

test('webhook, mail and what is told are set, tried, and the same after a reload', async ({
  watched: page,
  world,
  connectAs,
}) => {
  await connectAs(user)
  await signIn(page, world, '/settings')
  const webhook = page.getByRole('region', { name: 'Webhook' })
  await webhook.getByLabel('URL').fill('ftp://example.org')
  await webhook.getByRole('button', { name: 'Save' }).click()
  await expect(webhook.getByRole('alert')).toContainText('needs https://')
  await webhook.getByLabel('URL').fill(hook.url)
  await webhook.getByRole('button', { name: 'Save' }).click()
  await expect(webhook.getByText(/dmcwh_/)).toBeVisible()
  await webhook.getByRole('button', { name: 'Send a test' }).click()
  await expect(webhook.getByText('The webhook took the test (status 204).')).toBeVisible()
  expect(posted()).toMatchObject([{ test: true }])
  hook.answer({ status: 500, text: 'no room' })
  await webhook.getByRole('button', { name: 'Send a test' }).click()
  await expect(webhook.getByRole('alert')).toContainText('The server answered 500: no room')

  const email = page.getByRole('region', { name: 'E-mail' })
  await email.getByLabel('Address').fill('ann@mail.example')
  await email.getByRole('button', { name: 'Send a code' }).click()
  const code = email.getByLabel('Code from the mail')
  await expect(code).toBeVisible()
  expect(await faults(page)).toEqual([])
  await page.setViewportSize({ width: 1280, height: 900 })
  const { text } = mail.mails[0] ?? { text: '' }
  await code.fill('0000 0000')
  await email.getByRole('button', { name: 'Confirm' }).click()
  await expect(email.getByRole('alert')).toContainText('not the code')
  await code.fill(/^\d{4} \d{4}$/m.exec(text)?.[0] ?? '')
  await email.getByRole('button', { name: 'Confirm' }).click()
  await email.getByRole('button', { name: 'Send a test' }).click()
  await expect(email.getByText(/took the test/)).toBeVisible()
  expect(mail.mails[1]).toMatchObject({
    to: ['ann@mail.example'],
    subject: expect.stringContaining('This is a test'),
  })

  const told = page.getByRole('region', { name: 'What you are told of' })
  await told.getByLabel('Days before an end').fill('20, 6, x')
  await expect(told.getByRole('button', { name: 'Save' })).toBeDisabled()
  await told.getByLabel('Days before an end').fill('20, 6, 2')
  await told.getByLabel('A disk fills up: E-mail').uncheck()
  await told.getByLabel('The Market holds tokens for you: Watched').uncheck()
  await told.getByRole('button', { name: 'Save' }).click()
  await expect(page.getByText('Saved.')).toBeVisible()
  await page.reload()
  await expect(told.getByLabel('Days before an end')).toHaveValue('20, 6, 2')
  await expect(told.getByLabel('A disk fills up: E-mail')).not.toBeChecked()
  await expect(told.getByLabel('A disk fills up: Webhook')).toBeChecked()
  await expect(told.getByLabel('The Market holds tokens for you: Webhook')).toBeDisabled()
  await expect(webhook.getByLabel('URL')).toHaveValue(hook.url)
  await expect(page.getByText(/dmcwh_/)).toHaveCount(0)
  await expect(email.getByLabel('Address')).toHaveValue('ann@mail.example')
  await expect(email.getByText('On', { exact: true })).toBeVisible()
})

test('an order near its end: told on the open page, by webhook and by mail; snoozed, worse, dismissed', async ({
  watched: page,
  world,
  connectAs,
}) => {
  test.setTimeout(180_000)
  hook.posted.length = 0
  mail.mails.length = 0
  await connectAs(user)
  await signIn(page, world, '/alerts')
  await expect(page.getByText('All clear')).toBeVisible()
  await expect(page.getByRole('link', { name: 'Alerts: none' })).toBeVisible()
  const orderId = await activeOrder(world, { user, miner })
  // a week: within the 20 days that were chosen
  const item = page.getByRole('listitem').filter({ hasText: `Order ${orderId} ends in` })
  await expect(item).toBeVisible({ timeout: 30_000 })
  await expect(item).toContainText('Warning')
  await expect(item.getByRole('link', { name: 'Renew' })).toHaveAttribute('href', `/u/orders/${orderId}`)
  await expect(page.getByRole('link', { name: 'Alerts: 1 open' })).toBeVisible()
  await expect
    .poll(() => posted().flatMap(({ alerts }) => alerts.map(({ message }) => message)))
    .toEqual([expect.stringContaining(`Order ${orderId} ends in`)])
  await expect
    .poll(() => mail.mails.map(({ subject }) => subject))
    .toEqual([expect.stringContaining(`Warning: Order ${orderId} ends in`)])
  expect(mail.mails[0]?.text).toContain(`${world.url}/u/orders/${orderId}`)

  expect(await faults(page)).toEqual([])
  await page.setViewportSize({ width: 1280, height: 900 })
  await item.getByRole('button', { name: 'Snooze' }).click()
  await page.getByRole('button', { name: '1 week' }).click()
  await expect(item).toHaveCount(0)
  await expect(page.getByRole('link', { name: 'Alerts: none' })).toBeVisible()
  await page.getByRole('button', { name: /Snoozed and dismissed/ }).click()
  await expect(item).toContainText('snoozed until')
  await page.reload()
  await expect(item).toContainText('snoozed until')
  await page.getByRole('button', { name: /^Open/ }).click()

  // less than a day is left: worse than what was snoozed
  await world.devnet.anvil.increaseTime(6 * DAY + 4_000)
  await expect(item).toContainText('Urgent', { timeout: 30_000 })
  await expect.poll(() => posted().length, { timeout: 30_000 }).toBe(2)
  await expect.poll(() => mail.mails.at(-1)?.subject, { timeout: 30_000 }).toContain('URGENT')
  await item.getByRole('button', { name: 'Dismiss' }).click()
  await expect(item).toHaveCount(0)

  // over: the same order waits for its settlement, which is another alert
  await world.devnet.anvil.increaseTime(2 * DAY)
  await expect(page.getByText(`Order ${orderId} has ended and waits for its settlement.`)).toBeVisible({
    timeout: 30_000,
  })
  await page.getByRole('button', { name: /^Over/ }).click()
  await expect(item).toContainText('Over')
  await page.goto(`${world.url}/settings`)
  await expect(page.getByRole('region', { name: 'Sent lately' })).toContainText('Sent')
})

test('a mail’s link stops the mails without signing in', async ({ watched: page, world, connectAs }) => {
  const link = /^No more of these mails: http:\/\/[^/]+(\S+)$/m.exec(mail.mails.at(-1)?.text ?? '')?.[1] ?? ''
  await page.goto(`${world.url}${link}`)
  await expect(page.getByText('Stop the mails about alerts?')).toBeVisible()
  expect(await faults(page)).toEqual([])
  await page.setViewportSize({ width: 1280, height: 900 })
  await page.getByRole('button', { name: 'Send no more mails' }).click()
  await expect(page.getByText('No more mails are sent to you')).toBeVisible()
  await connectAs(user)
  await signIn(page, world, '/settings')
  await expect(page.getByRole('region', { name: 'E-mail' }).getByText('Off', { exact: true })).toBeVisible()
})
