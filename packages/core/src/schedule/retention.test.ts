import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type KeptOrNot,
  keepsAtLeast,
  type RetentionPolicy,
  retentionPolicy,
  selectKept,
} from './retention.ts'

const DAY = 86_400_000
const zones = ['UTC', 'Europe/Berlin', 'Pacific/Kiritimati', 'America/St_Johns']

const policies = fc
  .record(
    {
      last: fc.integer({ min: 1, max: 6 }),
      daily: fc.integer({ min: 1, max: 6 }),
      weekly: fc.integer({ min: 1, max: 4 }),
      monthly: fc.integer({ min: 1, max: 4 }),
      timeZone: fc.constantFrom(...zones),
    },
    { requiredKeys: ['timeZone'] },
  )
  .filter((policy) => retentionPolicy.safeParse(policy).success) as fc.Arbitrary<RetentionPolicy>

/** As they were stored; the clock went as it liked. */
const lists = fc
  .array(
    fc.record({
      // whole hours: several of one moment, and midnights
      hour: fc.integer({ min: 0, max: 24 * 100 }),
      missing: fc.constantFrom(0, 0, 3),
    }),
    { maxLength: 40 },
  )
  .map((all) =>
    all.map(
      ({ hour, missing }, i): KeptOrNot => ({
        snapshotId: `s${i}`,
        time: Date.UTC(2026, 11, 20) + hour * 3600_000,
        missing,
      }),
    ),
  )

/** The clock went forward only. */
const steady = lists.map((all) => [...all].sort((a, b) => a.time - b.time))

/** Says it the slow way: each snapshot is judged by looking at all others. */
function slow(all: readonly KeptOrNot[], policy: RetentionPolicy): string[] {
  const newer = (a: KeptOrNot, b: KeptOrNot) => all.indexOf(a) > all.indexOf(b)
  const date = (s: KeptOrNot) => new Date(s.time).toLocaleDateString('sv-SE', { timeZone: policy.timeZone }) // 2026-12-20
  const monday = (s: KeptOrNot) => {
    const day = new Date(`${date(s)}T00:00:00Z`)
    while (day.getUTCDay() !== 1) day.setUTCDate(day.getUTCDate() - 1)
    return day.toISOString().slice(0, 10)
  }
  const groups = {
    daily: date,
    weekly: monday,
    monthly: (s: KeptOrNot) => date(s).slice(0, 7),
  }
  const complete = (s: KeptOrNot) => s.missing === 0
  return all
    .filter((one) => {
      const others = all.filter((other) => other !== one)
      if (!others.some((other) => newer(other, one))) return true
      if (complete(one) && !others.some((other) => complete(other) && newer(other, one))) return true
      if (others.filter((other) => newer(other, one)).length < (policy.last ?? 0)) return true
      return (['daily', 'weekly', 'monthly'] as const).some((kind) => {
        const most = policy[kind] ?? 0
        const name = groups[kind]
        const newestOf = (day: string) => all.findLastIndex((other) => name(other) === day)
        const later = new Set(all.map(name).filter((day) => newestOf(day) > newestOf(name(one))))
        if (later.size >= most) return false
        const same = others.filter((other) => name(other) === name(one))
        const better = (other: KeptOrNot) =>
          complete(other) === complete(one) ? newer(other, one) : complete(other)
        return !same.some(better)
      })
    })
    .map(({ snapshotId }) => snapshotId)
}

describe('which snapshots are kept', () => {
  it('is what a slow reading of the rules says', () => {
    fc.assert(
      fc.property(lists, policies, (all, policy) => {
        expect([...selectKept(all, policy)].sort()).toEqual(slow(all, policy).sort())
      }),
      { numRuns: 300 },
    )
  })

  it('all when nothing was said; never none', () => {
    fc.assert(
      fc.property(lists, policies, (all, policy) => {
        expect(selectKept(all, null).size).toBe(all.length)
        if (all.length > 0) expect(selectKept(all, policy).size).toBeGreaterThan(0)
      }),
    )
  })

  it('the last ones are those that were stored last, also when the clock was years ahead or behind for a while', () => {
    const stored = (...years: number[]) =>
      years.map((year, i) => ({ snapshotId: `s${i}`, time: Date.UTC(year, 5, 1 + i), missing: 0 }))
    const kept = (all: KeptOrNot[], policy: Omit<RetentionPolicy, 'timeZone'>) =>
      [...selectKept(all, { ...policy, timeZone: 'UTC' })].sort()
    const ahead = stored(2026, 2040, 2040, 2040, 2026, 2026, 2026)
    expect(kept(ahead, { last: 3 })).toEqual(['s4', 's5', 's6'])
    expect(kept(ahead, { daily: 3 })).toEqual(['s4', 's5', 's6'])
    const behind = stored(2026, 2026, 2026, 2026, 1970, 1970, 1970)
    expect(kept(behind, { last: 3 })).toEqual(['s4', 's5', 's6'])
    expect(kept(behind, { monthly: 2 })).toEqual(['s3', 's6'])
  })

  it('what was kept is kept again', () => {
    fc.assert(
      fc.property(steady, policies, (all, policy) => {
        const kept = selectKept(all, policy)
        // what was forgotten changes nothing of what is kept next time
        const rest = all.filter(({ snapshotId }) => kept.has(snapshotId))
        expect(selectKept(rest, policy)).toEqual(kept)
      }),
      { numRuns: 500 },
    )
  })

  it('a policy that keeps at least as much forgets nothing that the other keeps', () => {
    fc.assert(
      fc.property(lists, policies, fc.option(policies), (all, present, next) => {
        if (!keepsAtLeast(next, present)) return
        const kept = selectKept(all, next)
        for (const id of selectKept(all, present)) expect(kept.has(id)).toBe(true)
      }),
      { numRuns: 2000 },
    )
    const some: RetentionPolicy = { last: 3, timeZone: 'UTC' }
    expect(keepsAtLeast(some, null)).toBe(false)
    expect(keepsAtLeast(null, some)).toBe(true)
    expect(keepsAtLeast({ ...some, daily: 1 }, some)).toBe(true)
    expect(keepsAtLeast({ last: 2, daily: 9, timeZone: 'UTC' }, some)).toBe(false)
    expect(keepsAtLeast({ ...some, timeZone: 'Europe/Berlin' }, some)).toBe(false)
  })

  it('days, weeks and months, by the clock of the place', () => {
    const day = (n: number, missing = 0): KeptOrNot => ({
      snapshotId: `d${n}`,
      time: Date.UTC(2027, 0, 1, 22, 30) + n * DAY,
      missing,
    })
    const all = Array.from({ length: 60 }, (_, n) => day(n))
    const kept = (policy: Omit<RetentionPolicy, 'timeZone'>, timeZone = 'UTC') =>
      [...selectKept(all, { ...policy, timeZone })].map((id) => Number(id.slice(1))).sort((a, b) => b - a)
    expect(kept({ last: 2 })).toEqual([59, 58])
    expect(kept({ monthly: 2 })).toEqual([59, 58])
    // half past ten in the evening of the 28th of February is March in Kiritimati
    expect(kept({ monthly: 2 }, 'Pacific/Kiritimati')).toEqual([59, 57])
    // the newest is a Monday's, the others are Sundays'
    expect(kept({ weekly: 3 })).toEqual([59, 58, 51])
    // a partial newest does not push the complete one of its day out
    const partial = [day(0), day(1), { ...day(1, 2), snapshotId: 'later', time: day(1).time + 1000 }]
    expect([...selectKept(partial, { daily: 1, timeZone: 'UTC' })].sort()).toEqual(['d1', 'later'])
  })
})
