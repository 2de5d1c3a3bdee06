import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Browser, Page } from '@playwright/test'

const SIGNED_IN = fileURLToPath(new URL('../../apps/web/src/app/(app)', import.meta.url))

/** Every signed-in route there is, from the folders of its pages; ids are ones that nobody has. */
export function signedInRoutes(folder = SIGNED_IN, path = ''): string[] {
  const routes = existsSync(join(folder, 'page.tsx')) ? [path === '' ? '/' : path] : []
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (!entry.isDirectory()) continue
    const part = entry.name === '[orderId]' ? '1' : entry.name.startsWith('[') ? 'a1b2' : entry.name
    routes.push(...signedInRoutes(join(folder, entry.name), `${path}/${part}`))
  }
  return routes.sort()
}

export interface PageMeasured {
  /** Bytes of bodies as they came over the network, compressed. */
  script: number
  stylesheet: number
  font: number
  /** Scripts that came without compression though they are not tiny. */
  plain: string[]
  /** Milliseconds from the start of the navigation: first and largest paint, and when every button on the page answers. */
  firstPaint: number
  largestPaint: number
  interactive: number
}

/**
 * Loads a page as a browser does that was never here (cold cache, its own context) and touches nothing; what is loaded within a
 * second after the network is quiet counts, too. `cookies` make it a signed-in one.
 */
export async function measurePage(
  browser: Browser,
  url: string,
  storageState?: Awaited<ReturnType<ReturnType<Page['context']>['storageState']>>,
): Promise<PageMeasured> {
  const context = await browser.newContext(storageState === undefined ? {} : { storageState })
  try {
    const page = await context.newPage()
    const loaded = { script: 0, stylesheet: 0, font: 0 }
    const plain: string[] = []
    const waiting: Promise<void>[] = []
    page.on('requestfinished', (request) => {
      const kind = request.resourceType()
      if (kind !== 'script' && kind !== 'stylesheet' && kind !== 'font') return
      waiting.push(
        Promise.all([request.sizes(), request.response()]).then(async ([{ responseBodySize }, response]) => {
          loaded[kind] += responseBodySize
          const encoding = await response?.headerValue('content-encoding')
          if (kind === 'script' && responseBodySize > 2_000 && encoding !== 'gzip') plain.push(request.url())
        }),
      )
    })
    await page.addInitScript(watchPage)
    await page.goto(url, { waitUntil: 'networkidle' })
    await page.waitForTimeout(1_000)
    await Promise.all(waiting)
    const times = await page.evaluate(() => (window as unknown as { dmcTimes: Times }).dmcTimes)
    return { ...loaded, plain, ...times }
  } finally {
    await context.close()
  }
}

interface Times {
  firstPaint: number
  largestPaint: number
  interactive: number
}

/** Runs in the page. React leaves its mark on an element when it takes it over: from then on a click is answered. */
function watchPage(): void {
  const times: Times = { firstPaint: 0, largestPaint: 0, interactive: 0 }
  ;(window as unknown as { dmcTimes: Times }).dmcTimes = times
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries())
      if (entry.name === 'first-contentful-paint') times.firstPaint = entry.startTime
  }).observe({ type: 'paint', buffered: true })
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) times.largestPaint = entry.startTime
  }).observe({ type: 'largest-contentful-paint', buffered: true })
  const look = () => {
    const buttons = [...document.querySelectorAll('button')]
    const answers = (button: Element) => Object.keys(button).some((key) => key.startsWith('__reactProps$'))
    const ready = document.readyState !== 'loading' && buttons.length > 0 && buttons.every(answers)
    if (!ready) times.interactive = 0
    else if (times.interactive === 0) times.interactive = performance.now()
    requestAnimationFrame(look)
  }
  requestAnimationFrame(look)
}
