import { expect, it } from 'vitest'
import { dayState, dayText, type ProofDay, stripOf, stripText } from './proof-days.ts'

const day = (of: number, more: Partial<ProofDay> = {}): ProofDay => ({
  day: of,
  passed: 0,
  wrong: 0,
  refused: 0,
  offline: 0,
  unknown: 0,
  medianMs: null,
  maxMs: null,
  ...more,
})

it('one wrong or refused answer makes the day a failed one; an offline hour beside passed checks does not', () => {
  expect(dayState(day(1, { passed: 23, wrong: 1 }))).toBe('failed')
  expect(dayState(day(1, { passed: 23, refused: 1 }))).toBe('failed')
  expect(dayState(day(1, { passed: 20, offline: 4 }))).toBe('passed')
  expect(dayState(day(1, { offline: 4, unknown: 2 }))).toBe('offline')
  expect(dayState(day(1, { unknown: 2 }))).toBe('none')
  expect(dayState(day(1))).toBe('none')
})

it('a strip has every day, oldest first, what two hosts say of one day together, and nothing from outside of it', () => {
  const strip = stripOf(
    [
      day(100, { passed: 3, medianMs: 10, maxMs: 20 }),
      day(100, { passed: 2, offline: 1, medianMs: 30, maxMs: null }),
      day(71, { wrong: 1 }),
      day(70, { passed: 1 }),
      day(101, { passed: 1 }),
    ],
    100,
  )
  expect(strip).toHaveLength(30)
  expect(strip[0]).toEqual(day(71, { wrong: 1 }))
  expect(strip[29]).toEqual(day(100, { passed: 5, offline: 1, medianMs: 30, maxMs: 20 }))
  expect(stripText(strip)).toBe('30 days: 1 passed, 1 failed, 28 without a check')
  expect(dayText(20_785)).toBe('2026-11-28')
})
