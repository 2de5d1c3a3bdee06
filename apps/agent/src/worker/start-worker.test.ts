import { afterEach, expect, it, vi } from 'vitest'
import { startWorker } from './start-worker.ts'

afterEach(() => vi.unstubAllGlobals())

it('an agent whose files were replaced starts no threads of another version: it says what to do', () => {
  // as the bundler sets it
  vi.stubGlobal('__DMC_WORKERS__', 'dmc-worker-OTHER.mjs')
  expect(() => startWorker('encode', null)).toThrow(
    expect.objectContaining({
      code: 'AGENT_UPGRADED',
      retryable: true,
      message: expect.stringMatching(
        /^This agent was upgraded or removed while it ran: \/.*dmc-worker-OTHER\.mjs/,
      ),
      hint: expect.stringContaining('dmc-agent run'),
    }),
  )
})
