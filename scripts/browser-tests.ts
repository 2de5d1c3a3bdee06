import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { hasDebianChromium } from './dashboard/chromium.ts'

/**
 * The dashboard's tests in a real Chromium, on the built pages. Closes with `N passed, N failed[, N skipped]`.
 * Without Chromium they count as skipped and it says so; with CI=true it is installed from Debian's packages, or that fails.
 */
const ROOT = fileURLToPath(new URL('..', import.meta.url))
const REPORT = join(ROOT, '.test-results', 'browser.json')
const CI = process.env.CI === 'true'

const hasChromium = (): boolean => hasDebianChromium() || ownChromium()

function ownChromium(): boolean {
  const found = spawnSync(
    process.execPath,
    ['-e', "console.log(require('@playwright/test').chromium.executablePath())"],
    { cwd: ROOT, encoding: 'utf8' },
  )
  return found.status === 0 && existsSync(found.stdout.trim())
}

function installChromium(): void {
  console.log('Chromium is not here; installing it from Debian’s packages ...')
  const apt = (...args: string[]) =>
    spawnSync('apt-get', ['-o', 'DPkg::Lock::Timeout=600', '-qq', ...args], {
      stdio: ['ignore', 'inherit', 'inherit'],
    })
  apt('update')
  apt('install', '-y', 'chromium')
}

interface Suite {
  suites?: Suite[]
  specs?: { title: string; tests: { status: string }[] }[]
}

function countTests(suite: Suite): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { tests } of suite.specs ?? [])
    for (const { status } of tests) counts[status] = (counts[status] ?? 0) + 1
  for (const inner of suite.suites ?? [])
    for (const [status, count] of Object.entries(countTests(inner)))
      counts[status] = (counts[status] ?? 0) + count
  return counts
}

if (!hasChromium() && CI) installChromium()
if (!hasChromium()) {
  console.log(
    'Chromium is not here: the browser tests are skipped. apt-get install chromium, or npx playwright install chromium.',
  )
  console.log(CI ? '0 passed, 1 failed' : '0 passed, 0 failed, 1 skipped')
  process.exit(CI ? 1 : 0)
}
mkdirSync(join(ROOT, '.test-results'), { recursive: true })
rmSync(REPORT, { force: true })
const code = await new Promise<number>((resolve) => {
  const child = spawn(
    'playwright',
    ['test', '-c', 'e2e', '--project=e2e', '--reporter=list,json', ...process.argv.slice(2)],
    {
      cwd: ROOT,
      env: { ...process.env, PLAYWRIGHT_JSON_OUTPUT_NAME: REPORT },
      stdio: ['ignore', 'inherit', 'inherit'],
    },
  )
  child.on('error', () => resolve(1))
  child.on('close', (exit) => resolve(exit ?? 1))
})
const report = existsSync(REPORT) ? (JSON.parse(readFileSync(REPORT, 'utf8')) as Suite) : null
const counts = report ? countTests(report) : {}
const passed = (counts.expected ?? 0) + (counts.flaky ?? 0)
const failed = Math.max(counts.unexpected ?? 0, code === 0 ? 0 : 1, passed === 0 ? 1 : 0)
if (counts.flaky) console.log(`${counts.flaky} PASSED ONLY ON THE SECOND TRY`)
console.log(`${passed} passed, ${failed} failed${counts.skipped ? `, ${counts.skipped} skipped` : ''}`)
process.exit(failed > 0 ? 1 : 0)
