import { defineConfig } from '@playwright/test'
import { chromiumOptions } from '../scripts/dashboard/chromium.ts'

export default defineConfig({
  testDir: '.',
  outputDir: '../.test-results/e2e',
  // One world a worker, and each is a whole chain with agents: on two cores more would only be slower.
  workers: 1,
  timeout: 120_000,
  // on a busy machine a limit of time may be all that failed; what passes only then is named aloud
  retries: process.env.CI === 'true' ? 1 : 0,
  expect: { timeout: 15_000 },
  reporter: [['list']],
  use: {
    actionTimeout: 15_000,
    viewport: { width: 1280, height: 900 },
    // a trace of each test costs a tenth of all the time; --trace on records one
    trace: 'on-first-retry',
    launchOptions: chromiumOptions(),
  },
  projects: [
    { name: 'e2e', testMatch: '*.spec.ts' },
    { name: 'screenshots', testMatch: 'screenshots.shots.ts' },
  ],
})
