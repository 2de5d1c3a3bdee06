import { defineConfig } from 'vitest/config'
import { COMPILE_CACHE, NODE_FLAGS } from './packages/testkit/src/node-flags.ts'

// each test's worker threads and programs start from source: stripped and compiled once, not a thousand times
process.env.NODE_COMPILE_CACHE = COMPILE_CACHE

/** One run for all packages. Integration tests start real chains and agents: long limits, processes instead of threads. */
export default defineConfig({
  test: {
    include: [
      'apps/*/src/**/*.test.ts',
      'apps/*/test/**/*.test.ts',
      'packages/*/src/**/*.test.ts',
      'packages/*/test/**/*.test.ts',
      'scripts/**/*.test.ts',
    ],
    setupFiles: ['packages/testkit/src/bundled-workers.ts'],
    pool: 'forks',
    execArgv: [...NODE_FLAGS],
    // one more than the cores of a small machine: whole chains and agents wait for blocks a third of the time
    maxWorkers: 3,
    // for a busy machine: tests wait for conditions, and only a hang meets these
    testTimeout: 300_000,
    hookTimeout: 300_000,
    teardownTimeout: 20_000,
  },
})
