import { detect } from '@dmc/testkit/cheaters/detection'
import { describe, expect, it } from 'vitest'

/** Short forms of `npm run bench -- challenge`: the real check and its choice of leaves against a store that lost some. */
const LONG = process.env.DMC_TEST_LONG === '1'
const RUNS = LONG ? 1_000 : 150

/** What chance may take from `runs` runs of which each notices with `odds`: three standard deviations. */
const atLeast = (odds: number, runs: number) => odds - 3 * Math.sqrt((odds * (1 - odds)) / runs)

describe('a loss is noticed', () => {
  it('of 5 % within 100 leaves, in 99.4 % of runs', async () => {
    const { noticed, runs } = await detect({
      cheat: (seed) => ({ kind: 'drops', share: 0.05, seed }),
      within: 100,
      runs: RUNS,
    })
    expect(noticed / runs).toBeGreaterThanOrEqual(atLeast(0.994, RUNS))
  })

  it('of 1 % within 459 leaves, in 99 % of runs', async () => {
    const { noticed, runs } = await detect({
      cheat: (seed) => ({ kind: 'drops', share: 0.01, seed }),
      within: 459,
      runs: RUNS,
    })
    expect(noticed / runs).toBeGreaterThanOrEqual(atLeast(0.99, RUNS))
  })

  it('and nothing is where nothing is lost: an honest miner is never accused', async () => {
    const found = await detect({ cheat: () => ({ kind: 'honest' }), within: 100, runs: LONG ? 2_000 : 40 })
    expect(found).toMatchObject({ noticed: 0, falseAccusations: 0 })
  })
})
