import { devAccount } from '@dmc/testkit/dev-accounts'
import { expect, signIn, test } from './support/fixtures.ts'
import { measurePage, signedInRoutes } from './support/measure-page.ts'

const KIB = 1024

test('the landing page stays light', async ({ browser, world }) => {
  const { script, stylesheet, font, plain } = await measurePage(browser, world.url)
  console.log(`landing: scripts ${script}, styles ${stylesheet}, fonts ${font} bytes`)
  expect(plain, 'scripts that came uncompressed').toEqual([])
  expect(script).toBeGreaterThan(50 * KIB)
  expect(script).toBeLessThanOrEqual(140 * KIB)
  expect(stylesheet).toBeLessThanOrEqual(25 * KIB)
  expect(font).toBeLessThanOrEqual(70 * KIB)
})

test('every signed-in page stays within its budget', async ({ page, world, connectAs, browser }) => {
  test.setTimeout(300_000)
  await connectAs(devAccount(2))
  await signIn(page, world)
  const state = await page.context().storageState()
  const routes = signedInRoutes()
  expect(routes).toContain('/u/sources/new')
  expect(routes).toContain('/m/bills/new')
  const heavy: string[] = []
  for (const path of routes) {
    const { script, plain } = await measurePage(browser, `${world.url}${path}`, state)
    console.log(`${path}: scripts ${script} bytes`)
    expect(plain, `scripts of ${path} that came uncompressed`).toEqual([])
    expect(script, path).toBeGreaterThan(100 * KIB)
    if (script > 260 * KIB) heavy.push(`${path}: ${script} bytes`)
  }
  expect(heavy).toEqual([])
})
