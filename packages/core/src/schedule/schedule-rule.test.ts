import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { describeRule } from './describe.ts'
import { checkRule, nextRun, type ScheduleRule, shortestGapMs } from './schedule-rule.ts'

const rule = (kind: ScheduleRule['kind'], spec: string, timeZone = 'Europe/Berlin') => ({
  kind,
  spec,
  timeZone,
})
const at = (text: string) => Date.parse(text)
const runs = (of: ScheduleRule, from: string, count: number, since = 0): string[] => {
  const found: string[] = []
  for (let now = at(from); found.length < count; ) {
    const next = nextRun(of, now, since)
    if (next === null) break
    found.push(new Date(next).toISOString().slice(0, 16))
    now = next
  }
  return found
}

describe('when a schedule runs', () => {
  it('times of day, over both changes of the clock: once a day, after the gap, at the first of two', () => {
    const night = checkRule(rule('times', '2:30, 15:00,02:30'))
    expect(night.spec).toBe('02:30,15:00')
    expect(runs(night, '2027-03-27T12:00:00Z', 4)).toEqual([
      '2027-03-27T14:00',
      '2027-03-28T01:00', // 02:30 does not exist: 03:00 summer time
      '2027-03-28T13:00',
      '2027-03-29T00:30',
    ])
    expect(runs(night, '2027-10-30T20:00:00Z', 3)).toEqual([
      '2027-10-31T00:30',
      '2027-10-31T14:00', // not at 01:30Z, where it is 02:30 again
      '2027-11-01T01:30',
    ])
  })

  it('cron, in its own zone', () => {
    const weekdays = checkRule(rule('cron', '  15  3 * * 1-5 ', 'America/New_York'))
    expect(weekdays.spec).toBe('15 3 * * 1-5')
    expect(runs(weekdays, '2027-01-01T12:00:00Z', 2)).toEqual(['2027-01-04T08:15', '2027-01-05T08:15'])
    expect(describeRule(weekdays)).toBe('cron 15 3 * * 1-5 (America/New_York)')
  })

  it('intervals count from where the rule was made, and go on at the next of them after any break', () => {
    const every = checkRule(rule('interval', '6H'))
    expect(every.spec).toBe('6h')
    const since = at('2027-01-01T01:00:00Z')
    expect(runs(every, '2027-01-01T01:00:00Z', 2, since)).toEqual(['2027-01-01T07:00', '2027-01-01T13:00'])
    expect(runs(every, '2027-01-09T02:00:00Z', 1, since)).toEqual(['2027-01-09T07:00'])
    // a clock that was set back before the rule was made
    expect(nextRun(every, since - 3e9, since)).toBe(since + 6 * 3600_000)
  })

  it('the next run is always later, and none lies in between', () => {
    const rules = [
      rule('times', '00:00,02:30,23:59'),
      rule('cron', '*/17 */5 * * *'),
      rule('cron', '30 1 * * *', 'Australia/Lord_Howe'),
      rule('interval', '90m'),
    ]
    fc.assert(
      fc.property(
        fc.constantFrom(...rules),
        fc.integer({ min: at('2027-01-01T00:00:00Z'), max: at('2028-12-31T00:00:00Z') }),
        fc.integer({ min: 1, max: 3 * 86_400_000 }),
        (one, now, step) => {
          const next = nextRun(one, now, 1234) as number
          expect(next).toBeGreaterThan(now)
          const between = nextRun(one, now - step, 1234) as number
          expect(between <= now || between === next).toBe(true)
        },
      ),
      { numRuns: 300 },
    )
  })

  it('says what is no schedule', () => {
    for (const [kind, spec, zone] of [
      ['interval', '30s'],
      ['interval', '2 years'],
      ['interval', '400d'],
      ['times', '24:00'],
      ['times', ''],
      ['times', '03:00,,'],
      ['times', Array.from({ length: 25 }, (_, i) => `00:${10 + i}`).join(',')],
      ['cron', '* * * * * *'],
      ['cron', '2027-12-01T00:00:00'],
      ['cron', '@daily'],
      ['cron', '61 * * * *'],
      ['cron', '0 0 31 2 *'],
      ['times', '03:00', 'Nowhere/Land'],
    ] as const) {
      expect(() => checkRule(rule(kind, spec, zone)), spec).toThrow(
        expect.objectContaining({ code: 'SCHEDULE_INVALID' }),
      )
    }
  })
})

describe('how close two runs of a rule come', () => {
  it.each([
    ['interval', '90m', 90],
    ['times', '03:00', 23 * 60],
    ['times', '23:50,00:05,12:00', 15],
    ['cron', '0 3 * * 1', 7 * 24 * 60 - 60],
    ['cron', '0,59 0,23 * * *', 1],
    ['cron', '*/7 * * * *', 4],
    ['cron', '*/20 4 1 1 *', 20],
  ] as const)('%s %s: %i minutes', (kind, spec, minutes) => {
    // the clock goes forward within these runs
    expect(shortestGapMs(rule(kind, spec), at('2026-12-01T10:00Z')) / 60_000).toBe(minutes)
  })
})
