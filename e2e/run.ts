import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { chromium } from '@playwright/test'
import { buildPages } from '../scripts/dashboard/build-pages.ts'
import { hasDebianChromium } from '../scripts/dashboard/chromium.ts'

/**
 * Browser tests: `node e2e/run.ts [--screenshots] [playwright arguments]`. Builds the pages unless they are built from these sources. Without Chromium
 * it says so and counts as skipped; with CI=true that is a failure.
 */
const ROOT = fileURLToPath(new URL('..', import.meta.url))
const args = process.argv.slice(2)
const project = args.includes('--screenshots') ? 'screenshots' : 'e2e'
const rest = args.filter((arg) => arg !== '--screenshots')

const run = (command: string, ...given: string[]) =>
  spawnSync(join(ROOT, 'node_modules/.bin', command), given, { cwd: ROOT, stdio: 'inherit' }).status ?? 1

if (!hasDebianChromium() && !existsSync(chromium.executablePath())) {
  console.error('e2e: SKIPPED, no Chromium: apt-get install chromium, or npx playwright install chromium')
  process.exit(process.env.CI === 'true' ? 1 : 0)
}
// built by an older source they would show what is no more
await buildPages((line) => console.error(`  ${line}`))
process.exit(run('playwright', 'test', '-c', 'e2e', `--project=${project}`, ...rest))
