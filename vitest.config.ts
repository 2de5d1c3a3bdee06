import { defineConfig } from 'vitest/config'

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
    pool: 'forks',
    // worker threads come and go by the hundred here, and V8's book of protected code pages can lose count of them
    // what is compiled beside the main thread can hang the end of a process (nodejs/node 54918)
    execArgv: ['--no-memory-protection-keys', '--no-concurrent-sparkplug'],
    maxWorkers: 2,
    // for a busy machine: tests wait for conditions, and only a hang meets these
    testTimeout: 300_000,
    hookTimeout: 300_000,
    teardownTimeout: 20_000,
  },
})
