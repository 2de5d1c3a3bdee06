import type { Page } from '@playwright/test'
import { faults, THEMES, WIDTHS } from './support/axe.ts'
import { expect, signIn, test } from './support/fixtures.ts'
import { fillWorld, findScreens, OWNER, openReview, openScheduleForm } from './support/full-world.ts'

/** Long runs look at each route in every way; short ones at each route in one of the four, in turn. */
const LONG = process.env.DMC_TEST_LONG === '1'
let turn = 0

async function check(page: Page, name: string, wrong: string[]): Promise<void> {
  const [one, other] = [turn % 2, (turn >> 1) % 2]
  turn++
  const found = await faults(
    page,
    LONG ? {} : { widths: WIDTHS.slice(one, one + 1), themes: THEMES.slice(other, other + 1) },
  )
  for (const line of found) wrong.push(`${name} ${line}`)
}

test('axe finds nothing on any route, light and dark, wide and narrow', async ({
  page,
  world,
  connectAs,
}) => {
  test.setTimeout(900_000)
  const wrong: string[] = []
  await page.goto(world.url)
  await check(page, 'landing, empty', wrong)
  await page.goto(`${world.url}/market`)
  await check(page, 'market, empty', wrong)
  await page.goto(`${world.url}/bills/77`)
  await check(page, 'bill, unknown', wrong)
  await connectAs(OWNER)
  await page.goto(`${world.url}/connect`)
  await check(page, 'connect', wrong)
  await signIn(page, world)
  for (const path of ['/u', '/m', '/agents', '/activity']) {
    await page.goto(`${world.url}${path}`)
    await page.waitForTimeout(600)
    await check(page, `${path}, empty`, wrong)
  }
  await page.setViewportSize({ width: 1280, height: 800 })
  await fillWorld(page, world)
  for (const [name, path] of await findScreens(page, world)) {
    await page.goto(`${world.url}${path}`)
    await page.waitForTimeout(900)
    await check(page, name, wrong)
    if (name === 'user-order') {
      await page.getByText('As a table').click()
      await check(page, 'user-order, its checks as a table', wrong)
      await openReview(page)
      await check(page, 'user-order, an act reviewed', wrong)
      await page.setViewportSize({ width: 1280, height: 800 })
    }
    if (name !== 'source') continue
    await openScheduleForm(page)
    await check(page, 'source, its schedule changed', wrong)
    await page.setViewportSize({ width: 1280, height: 800 })
  }
  expect(wrong).toEqual([])
})
