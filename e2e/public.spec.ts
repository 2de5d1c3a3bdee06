import { gzipSync } from 'node:zlib'
import { expect, test } from './support/fixtures.ts'

test.use({ worldOf: 'public' })

/** gzip, bytes: what the first view of the landing page may load of scripts. */
const LANDING_SCRIPTS = 140 * 1024

test.describe('without signing in', () => {
  test.beforeAll(async ({ world }) => {
    await world.miner('miner-a', { size: '20GiB', price: '0.5' })
    await world.miner('miner-b', { size: '8GiB', price: '0.8', pledgeRate: '8' })
  })

  test('the landing page says what it is and how the market stands, with little script', async ({
    watched: page,
    world,
  }) => {
    let scripts = 0
    page.on('response', async (response) => {
      if (response.request().resourceType() !== 'script') return
      scripts += gzipSync(await response.body()).length
    })
    await page.goto(world.url, { waitUntil: 'networkidle' })
    await expect(page.getByRole('heading', { level: 1 })).toContainText('proven')
    await expect(page.getByText('Cheapest space').locator('..')).toContainText('0.5 DMC')
    await expect(page.getByText('Open bills').locator('..')).toContainText('2')
    expect(scripts).toBeGreaterThan(0)
    expect(scripts, 'gzipped scripts on the landing page').toBeLessThanOrEqual(LANDING_SCRIPTS)
  })

  test('the market filters, sorts and compares, and the URL keeps it', async ({ watched: page, world }) => {
    await page.goto(`${world.url}/market`)
    const rows = page.getByRole('region', { name: 'Bills' }).getByRole('row')
    await expect(rows).toHaveCount(3)
    await expect(rows.nth(1)).toContainText('0.5')
    await page.getByLabel('Space').fill('10')
    await page.getByLabel('Pledge rate from').fill('8')
    await expect(page).toHaveURL(/pledge=8/)
    await expect(rows).toHaveCount(2)
    await expect(rows.nth(1)).toContainText('0.8')
    await expect(rows.nth(1)).toContainText('too little free')
    await page.reload()
    await expect(page.getByLabel('Pledge rate from')).toHaveValue('8')
    await page.getByRole('link', { name: 'Clear filters' }).click()
    await expect(rows).toHaveCount(3)
    await page.getByRole('link', { name: /Compare bill 1/ }).click()
    await page.getByRole('link', { name: /Compare bill 2/ }).click()
    await expect(page).toHaveURL(/compare=1%2C2/)
    await expect(page.getByRole('region', { name: 'Comparison of bills' })).toContainText('best')
  })

  test('a bill and its miner have pages with what happened on chain', async ({ watched: page, world }) => {
    await page.goto(`${world.url}/bills/1`)
    await expect(page.getByRole('heading', { level: 1 })).toContainText('Bill 1')
    await expect(page.getByText('Bill published')).toBeVisible()
    await page.getByLabel('Space').fill('4')
    await page.getByLabel('Term').fill('10')
    await expect(page.getByRole('status').or(page.locator('output'))).toContainText('20 DMC')
    await page.getByRole('link', { name: /^0x/ }).first().click()
    await expect(page).toHaveURL(/\/miners\/0x/)
    await expect(page.getByRole('region', { name: 'Bills of this miner' })).toContainText('Open')
  })

  test('what is not there is said with a way on', async ({ page, world }) => {
    await page.goto(`${world.url}/bills/999`)
    await expect(page.getByRole('alert').first()).toContainText('no bill 999')
    await page.goto(`${world.url}/nothing-here`)
    await expect(page.getByText('There is nothing at this address')).toBeVisible()
  })

  test('reads without JavaScript', async ({ browser, world }) => {
    const context = await browser.newContext({ javaScriptEnabled: false })
    const page = await context.newPage()
    await page.goto(`${world.url}/market?gib=4&weeks=10`)
    await expect(page.getByRole('region', { name: 'Bills' })).toContainText('20 DMC')
    await context.close()
  })
})
