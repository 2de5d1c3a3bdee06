import { gzipSync } from 'node:zlib'
import { devAccount } from '@dmc/testkit/dev-accounts'
import type { Page } from '@playwright/test'
import { expect, signIn, test } from './support/fixtures.ts'

const KIB = 1024

/** Pages that only read are held to 260; the two that sign carry the wallet's and the Market's code and are not there yet. */
const PAGES: [path: string, most: number][] = [
  ['/u', 260],
  ['/u/sources/new', 372],
  ['/m/bills/new', 372],
]

/** gzipped bytes of what a page loads at first, by kind. */
async function weigh(page: Page, url: string): Promise<Record<'script' | 'stylesheet' | 'font', number>> {
  const loaded = { script: 0, stylesheet: 0, font: 0 }
  const waiting: Promise<void>[] = []
  page.on('response', (response) => {
    const kind = response.request().resourceType()
    if (kind !== 'script' && kind !== 'stylesheet' && kind !== 'font') return
    waiting.push(
      response.body().then((body) => {
        loaded[kind] += kind === 'font' ? body.length : gzipSync(body).length
      }),
    )
  })
  await page.goto(url, { waitUntil: 'networkidle' })
  // what is loaded right after counts, too
  await page.waitForTimeout(2_000)
  await Promise.all(waiting)
  return loaded
}

test('the landing page stays light', async ({ page, world }) => {
  const { script, stylesheet, font } = await weigh(page, world.url)
  console.log(`landing: scripts ${script}, styles ${stylesheet}, fonts ${font} bytes`)
  expect(script).toBeLessThanOrEqual(140 * KIB)
  expect(stylesheet).toBeLessThanOrEqual(25 * KIB)
  expect(font).toBeLessThanOrEqual(70 * KIB)
})

test('a signed-in page stays within its budget', async ({ page, world, connectAs, context }) => {
  await connectAs(devAccount(2))
  await signIn(page, world)
  for (const [path, most] of PAGES) {
    const fresh = await context.newPage()
    const { script } = await weigh(fresh, `${world.url}${path}`)
    console.log(`${path}: scripts ${script} bytes`)
    expect(script, path).toBeLessThanOrEqual(most * KIB)
    await fresh.close()
  }
})
