import { mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { signIn, test } from './support/fixtures.ts'
import { fillWorld, findScreens, OWNER, openReview, openScheduleForm } from './support/full-world.ts'

/** `npm run screenshots`: every screen, light and dark, wide and narrow, into `.screenshots/`, to be looked at. */
const FOLDER = fileURLToPath(new URL('../.screenshots/', import.meta.url))
const WIDTHS = [1280, 360]

test('every screen as a picture', async ({ page, world, connectAs }) => {
  test.setTimeout(900_000)
  mkdirSync(FOLDER, { recursive: true })
  const shoot = async (name: string, path: string, then?: () => Promise<void>) => {
    await page.goto(`${world.url}${path}`)
    await page.waitForLoadState('load')
    await page.waitForTimeout(900)
    await then?.()
    await page.evaluate(() => window.scrollTo(0, 0))
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: width === 360 ? 740 : 860 })
      for (const theme of ['light', 'dark'] as const) {
        await page.evaluate((value) => {
          document.documentElement.dataset.theme = value
        }, theme)
        await page.waitForTimeout(80)
        await page.screenshot({ path: `${FOLDER}${name}-${width}-${theme}.png`, fullPage: true })
      }
    }
    await page.setViewportSize({ width: 1280, height: 860 })
  }
  await page.goto(`${world.url}/connect`)
  await shoot('landing-empty', '/')
  await shoot('market-empty', '/market')
  await connectAs(OWNER)
  await shoot('connect', '/connect')
  await signIn(page, world)
  await shoot('user-overview-empty', '/u')
  await shoot('sources-empty', '/u/sources')
  await shoot('miner-overview-empty', '/m')
  await shoot('agents-empty', '/agents')
  await fillWorld(page, world)
  for (const [name, path] of await findScreens(page, world)) {
    await shoot(name, path)
    if (name === 'user-order') await shoot('user-order-extend', path, () => openReview(page))
    if (name === 'source') await shoot('source-schedule', path, () => openScheduleForm(page))
  }
})
