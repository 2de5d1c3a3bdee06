import { describe, expect, it } from 'vitest'
import type { BenchDocument } from '../../bench/bench.ts'
import { mustReach, type Promised, ratioTo } from './bench-figures.ts'
import { NotBuilt } from './check.ts'

const figure = (name: string, value: number | null, limit: Partial<Promised>): Promised => ({
  name,
  ...limit,
  value: async () => value,
})

describe('promised figures', () => {
  it('are told in one line when all are reached, at the limit too', async () => {
    const said = await mustReach([figure('speed', 2, { atLeast: 2 }), figure('memory', 1.5, { atMost: 1.5 })])
    expect(said).toBe('speed 2 (at least 2); memory 1.5 (at most 1.5)')
  })

  it('that are short are named with value and limit, and those that nothing measures beside them', async () => {
    const figures = [
      figure('speed', 1.99, { atLeast: 2 }),
      figure('memory', 1.51, { atMost: 1.5 }),
      figure('hidden', null, { atLeast: 1 }),
      figure('fine', 3, { atLeast: 1 }),
    ]
    await expect(mustReach(figures)).rejects.toThrow(
      '2 of 4 figures are short: speed 1.99 (at least 2); memory 1.51 (at most 1.5); not built: hidden is measured by nothing (at least 1)',
    )
  })

  it('that nothing measures are not built, by name', async () => {
    const work = mustReach([figure('hidden', null, { atLeast: 1 }), figure('fine', 3, { atLeast: 1 })])
    await expect(work).rejects.toThrow(NotBuilt)
    await expect(work).rejects.toThrow(/^hidden is measured by nothing \(at least 1\)$/)
  })

  it('are all measured though one of them fails, and NaN is not reached', async () => {
    const failing = { name: 'broken', atLeast: 1, value: async () => Promise.reject(new Error('no disk')) }
    await expect(
      mustReach([failing, figure('none', Number.NaN, { atLeast: 1 }), figure('slow', 0.5, { atLeast: 1 })]),
    ).rejects.toThrow(
      '3 of 3 figures are short: broken no disk (at least 1); none NaN (at least 1); slow 0.5 (at least 1)',
    )
  })

  it('against a peer that is not installed say what to install', () => {
    const peers = [{ name: 'restic', version: null, missing: 'apt-get install restic' }]
    const document = { peers } as unknown as BenchDocument
    expect(() => ratioTo(document, 'restic')).toThrow(
      "can't be measured without restic: apt-get install restic",
    )
    expect(ratioTo(document, 'borg')).toBeNull()
  })
})
