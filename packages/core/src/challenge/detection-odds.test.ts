import { seededRandom } from '@dmc/testkit/seeded-random'
import { describe, expect, it } from 'vitest'
import { checksToNotice, hoursToNotice, missOdds, oddsSentence } from './detection-odds.ts'
import { nextCheckAt, slotMs } from './next-check.ts'
import { pickLeaves } from './pick-leaves.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR

describe('pickLeaves', () => {
  it('gives different leaves, all in range, all of them when there are fewer', () => {
    const random = seededRandom(1)
    for (const [all, count] of [
      [1n, 20],
      [20n, 20],
      [21n, 20],
      [5000n, 64],
    ] as const) {
      const picked = pickLeaves(all, count, random)
      expect(picked).toHaveLength(Math.min(Number(all), count))
      expect(new Set(picked).size).toBe(picked.length)
      expect(picked.every((leaf) => leaf >= 0n && leaf < all)).toBe(true)
    }
    expect(pickLeaves(0n, 20, random)).toEqual([])
  })

  it('favours none', () => {
    const random = seededRandom(2)
    const counts = Array(10).fill(0)
    for (let i = 0; i < 20_000; i++) for (const leaf of pickLeaves(10n, 3, random)) counts[Number(leaf)]++
    for (const count of counts) expect(Math.abs(count - 6000)).toBeLessThan(300)
  })
})

describe('nextCheckAt', () => {
  it('lies in the slot after the present one, at any moment of it', () => {
    const phaseMs = 1_790_000_000_000
    const now = phaseMs + 5.5 * HOUR
    const at = (random: number) => nextCheckAt({ now, phaseMs, perDay: 24 }, () => random) - phaseMs
    expect(at(0)).toBe(6 * HOUR)
    expect(at(0.5)).toBe(6.5 * HOUR)
    expect(at(0.9999)).toBeLessThan(7 * HOUR)
  })

  it('makes as many checks a day as are wished for, however long it runs', () => {
    const random = seededRandom(3)
    for (const perDay of [1, 24, 100]) {
      let now = 0
      let count = 0
      while (now < 200 * DAY) {
        now = nextCheckAt({ now, phaseMs: 0, perDay }, random)
        count++
      }
      expect(Math.abs(count - 200 * perDay)).toBeLessThanOrEqual(1)
    }
  })
})

describe('detection odds', () => {
  it('of one check are those of drawing different leaves', () => {
    expect(missOdds({ leaves: 100n, leavesPerCheck: 1 }, 0.05)).toBeCloseTo(0.95)
    // 20 of 100, one lost: 80 of 100 miss it
    expect(missOdds({ leaves: 100n, leavesPerCheck: 20 }, 0.01)).toBeCloseTo(0.8)
    expect(missOdds({ leaves: 10n, leavesPerCheck: 20 }, 0.01)).toBe(0)
    expect(missOdds({ leaves: 0n, leavesPerCheck: 20 }, 0.01)).toBe(1)
  })

  it('are the known numbers for large data: 459 leaves for 1 %, 90 for 5 %', () => {
    const large = { leaves: 2n ** 40n, leavesPerCheck: 1 }
    expect(checksToNotice(large, 0.01, 0.99)).toBe(459)
    expect(checksToNotice(large, 0.05, 0.99)).toBe(90)
    expect(hoursToNotice({ ...large, leavesPerCheck: 20, checksPerDay: 24 })).toBe(24)
  })

  it('hold in a simulation of the real schedule and the real choice of leaves, whenever the loss happens', () => {
    for (const [leaves, leavesPerCheck, checksPerDay, loss] of [
      [5000n, 20, 24, 0.01],
      [300n, 20, 24, 0.01],
      [5000n, 64, 6, 0.05],
      [2000n, 5, 24, 0.01],
    ] as const) {
      const random = seededRandom(Number(leaves) + leavesPerCheck)
      const hours = hoursToNotice({ leaves, leavesPerCheck, checksPerDay }, loss) ?? 0
      const lost = BigInt(Math.ceil(Number(leaves) * loss))
      const runs = 3000
      let noticed = 0
      for (let run = 0; run < runs; run++) {
        // the loss is of the first leaves: which ones is no matter when the choice is even
        const from = random() * slotMs(checksPerDay) * 10
        let now = nextCheckAt({ now: 0, phaseMs: 0, perDay: checksPerDay }, random)
        while (now < from) now = nextCheckAt({ now, phaseMs: 0, perDay: checksPerDay }, random)
        while (now <= from + hours * HOUR) {
          if (pickLeaves(leaves, leavesPerCheck, random).some((leaf) => leaf < lost)) {
            noticed++
            break
          }
          now = nextCheckAt({ now, phaseMs: 0, perDay: checksPerDay }, random)
        }
      }
      // at least what is said, within four standard errors; and not idle talk: half of the time is not enough
      const error = 4 * Math.sqrt((0.99 * 0.01) / runs)
      expect(noticed / runs, `${leaves} leaves`).toBeGreaterThan(0.99 - error)
      const half = Math.floor((hours * checksPerDay) / 48)
      expect(missOdds({ leaves, leavesPerCheck }, loss) ** half).toBeGreaterThan(0.01)
    }
  })

  it('are said in a sentence', () => {
    const rate = { leaves: 2n ** 30n, leavesPerCheck: 20, checksPerDay: 24 }
    expect(oddsSentence(rate)).toBe('1 % loss would be noticed within 24 hours with 99 %.')
    expect(oddsSentence({ ...rate, checksPerDay: 1 })).toBe(
      '1 % loss would be noticed within 24 days with 99 %.',
    )
    expect(oddsSentence(rate, 0.05, 0.999)).toBe('5 % loss would be noticed within 8 hours with 99.9 %.')
    expect(oddsSentence({ ...rate, checksPerDay: 0 })).toContain('nothing is checked')
    expect(hoursToNotice({ ...rate, leaves: 0n })).toBeNull()
    expect(oddsSentence({ leaves: 10n, leavesPerCheck: 20, checksPerDay: 48 })).toContain('within an hour')
  })
})
