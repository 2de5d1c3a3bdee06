import { describe, expect, it } from 'vitest'
import {
  ABSENT_CHECKS,
  ABSENT_MS,
  type Absence,
  type Escalation,
  type Judged,
  RECHECK_MS,
  type Step,
  stepEscalation,
} from './escalation.ts'

const HOUR = 3_600_000
const START = 1_790_000_000_000
const never: Absence = { sinceMs: null, count: 0 }

const check = (atMs: number, more: Partial<Judged>): Judged => ({
  orderId: 1n,
  atMs,
  outcome: 'passed',
  lost: false,
  failingLeaf: null,
  suspects: [],
  proven: [],
  message: 'why',
  ...more,
})
const wrong = (atMs: number, leaf = 7n) =>
  check(atMs, { outcome: 'wrong', lost: true, failingLeaf: leaf, suspects: [leaf] })
const lost = (atMs: number, leaf = 7n) =>
  check(atMs, { outcome: 'refused', lost: true, failingLeaf: leaf, suspects: [leaf] })
const offline = (atMs: number) => check(atMs, { outcome: 'offline', suspects: [3n, 4n] })
const unknown = (atMs: number) => check(atMs, { outcome: 'unknown' })
const passed = (atMs: number, ...proven: bigint[]) => check(atMs, { proven })

/** All of them, one after the other. */
function after(
  checks: Judged[],
  from: { escalation: Escalation | null; absence: Absence } | null = null,
): Step {
  let step: Step = { escalation: null, absence: never, event: 'none', ...from }
  for (const one of checks) step = stepEscalation(step.escalation, step.absence, one)
  return step
}

describe('a wrong answer', () => {
  it('is confirmed by three re-checks over some minutes before anything follows', () => {
    let at = START
    let step = after([wrong(at)])
    expect(step).toMatchObject({
      event: 'suspected',
      escalation: { state: 'rechecking', cause: 'lost', leaf: 7n, rechecks: 0 },
    })
    for (const [i, pause] of RECHECK_MS.entries()) {
      expect(step.escalation?.nextMs).toBe(at + pause)
      at += pause
      step = stepEscalation(step.escalation, step.absence, i % 2 === 0 ? wrong(at) : lost(at))
      expect(step.event).toBe(i === RECHECK_MS.length - 1 ? 'decide' : 'none')
    }
    expect(at - START).toBeGreaterThanOrEqual(5 * 60_000)
    expect(step.escalation).toMatchObject({ rechecks: 3, leaf: 7n })
  })

  it('is cleared by a proof of that very leaf, by no other', () => {
    const suspected = after([wrong(START), wrong(START + 60_000)])
    expect(after([passed(START + 100_000, 1n, 2n)], suspected)).toMatchObject({
      event: 'none',
      escalation: { leaf: 7n, rechecks: 1 },
    })
    expect(after([passed(START + 100_000, 1n, 7n)], suspected)).toMatchObject({
      event: 'cleared',
      escalation: null,
    })
  })

  it('is neither confirmed nor cleared by what tells nothing', () => {
    const suspected = after([wrong(START)])
    let step = suspected
    for (let i = 1; i <= 20; i++)
      step = after([i % 2 ? unknown(START + i * 60_000) : offline(START + i * 60_000)], step)
    expect(step).toMatchObject({ event: 'none', escalation: { state: 'rechecking', rechecks: 0, leaf: 7n } })
    expect(step.escalation?.nextMs).toBeGreaterThan(START + 20 * 60_000)
  })

  it('does not end by silence: the miner that was found out and is away goes on chain later', () => {
    let step = after([wrong(START), wrong(START + 1), wrong(START + 2)])
    expect(step.event).toBe('none')
    for (let i = 1; (i * HOUR) / 2 < ABSENT_MS; i++) {
      step = after([offline(START + (i * HOUR) / 2)], step)
      expect(step.event).toBe('none')
    }
    step = after([offline(START + ABSENT_MS + 2 * HOUR)], step)
    expect(step.event).toBe('decide')
  })

  it('waits until it is known which leaf it is', () => {
    const vague = (at: number) => check(at, { outcome: 'refused', lost: true, suspects: [1n, 2n, 3n] })
    const step = after([0, 1, 2, 3, 4, 5].map((i) => vague(START + i * HOUR)))
    expect(step).toMatchObject({ event: 'none', escalation: { leaf: null, suspects: [1n, 2n, 3n] } })
    expect(after([lost(START + 7 * HOUR, 2n)], step)).toMatchObject({
      event: 'decide',
      escalation: { leaf: 2n },
    })
  })
})

describe('silence', () => {
  /** One check every half hour, for so long. */
  const hours = (count: number, from = START) =>
    Array.from({ length: 2 * count }, (_, i) => offline(from + (i * HOUR) / 2))

  it('counts only after half a day of nothing else, and then three times more', () => {
    expect(after(hours(12))).toMatchObject({ event: 'none', escalation: null })
    let step = after([...hours(12), offline(START + 12 * HOUR)])
    expect(step).toMatchObject({
      event: 'suspected',
      escalation: { cause: 'absent', leaf: 3n, firstMs: START },
    })
    step = after([offline(START + 13 * HOUR), offline(START + 14 * HOUR)], step)
    expect(step.event).toBe('none')
    expect(after([offline(START + 15 * HOUR)], step).event).toBe('decide')
  })

  it('is counted in checks as well: a host that slept has not looked', () => {
    expect(after([offline(START), offline(START + 5 * ABSENT_MS)])).toMatchObject({
      event: 'none',
      escalation: null,
    })
    const few = Array.from({ length: ABSENT_CHECKS - 1 }, (_, i) => offline(START + i))
    expect(after([...few, offline(START + 40 * HOUR)])).toMatchObject({ event: 'suspected' })
    expect(after([...few.slice(1), offline(START + 40 * HOUR)])).toMatchObject({ event: 'none' })
  })

  it('is over with any proof', () => {
    expect(
      after([...hours(12), passed(START + 12 * HOUR, 9n), ...hours(12, START + 13 * HOUR)]),
    ).toMatchObject({ event: 'none', escalation: null })
    const step = after(hours(13))
    expect(after([passed(START + 15 * HOUR)], step)).toMatchObject({
      event: 'cleared',
      escalation: null,
      absence: never,
    })
  })

  it('is not lengthened or shortened by what tells nothing', () => {
    expect(after(Array.from({ length: 100 }, (_, i) => unknown(START + i * HOUR)))).toMatchObject({
      event: 'none',
      escalation: null,
      absence: never,
    })
    const mixed = Array.from({ length: 60 }, (_, i) =>
      i % 2 ? unknown(START + i * HOUR) : offline(START + i * HOUR),
    )
    expect(after(mixed)).toMatchObject({ escalation: { cause: 'absent' } })
  })

  it('that turns out to be a loss begins anew with that leaf', () => {
    expect(after([...hours(13), wrong(START + 15 * HOUR, 99n)])).toMatchObject({
      event: 'suspected',
      escalation: { cause: 'lost', leaf: 99n, rechecks: 0 },
    })
  })
})

describe('what is on its way or on chain', () => {
  it('is left alone by every check: the chain decides', () => {
    const decided = after([wrong(START), wrong(START), wrong(START), wrong(START)])
    for (const state of ['opening', 'opened'] as const) {
      const escalation = { ...(decided.escalation as Escalation), state }
      for (const one of [
        wrong(START + HOUR),
        offline(START + HOUR),
        passed(START + HOUR, 7n),
        unknown(START + HOUR),
      ]) {
        expect(after([one], { escalation, absence: never })).toMatchObject({ escalation, event: 'none' })
      }
    }
  })
})
