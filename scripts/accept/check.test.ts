import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { VITEST_STEPS } from './check.ts'

it('looks into the reports of all of a full run’s tests: those under load were moved into a step of their own, and counted as never run', () => {
  const steps = readFileSync(new URL('../test.ts', import.meta.url), 'utf8').matchAll(
    /\bvitest\(\s*'([a-z-]+)'/g,
  )
  expect([...steps].map(([, name]) => name).sort()).toEqual([...VITEST_STEPS].sort())
})
