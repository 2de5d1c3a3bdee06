/** What all checks of one day came to, several hosts and orders together. */
export interface ProofDay {
  /** Days since 1970-01-01, UTC. */
  day: number
  passed: number
  wrong: number
  refused: number
  offline: number
  unknown: number
  medianMs: number | null
  maxMs: number | null
}

export type DayState = 'passed' | 'failed' | 'offline' | 'none'

/**
 * The one word for a day: an answer that was wrong or refused outweighs everything, a miner that was away counts only when it showed
 * nothing else; a check that could not be judged says nothing.
 */
export function dayState(day: Omit<ProofDay, 'day' | 'medianMs' | 'maxMs'>): DayState {
  if (day.wrong + day.refused > 0) return 'failed'
  if (day.passed > 0) return 'passed'
  return day.offline > 0 ? 'offline' : 'none'
}

/** The last `count` days up to today, oldest first, one row each; what was reported of one day is added up. */
export function stripOf(days: readonly ProofDay[], today: number, count = 30): ProofDay[] {
  const strip = Array.from({ length: count }, (_, i) => nothingOn(today - count + 1 + i))
  for (const day of days) {
    const at = strip[day.day - (today - count + 1)]
    if (at === undefined) continue
    for (const key of ['passed', 'wrong', 'refused', 'offline', 'unknown'] as const) at[key] += day[key]
    at.medianMs = larger(at.medianMs, day.medianMs)
    at.maxMs = larger(at.maxMs, day.maxMs)
  }
  return strip
}

/** "28 days passed, 1 failed, 1 without a check" */
export function stripText(strip: readonly ProofDay[]): string {
  const count = { passed: 0, failed: 0, offline: 0, none: 0 }
  for (const day of strip) count[dayState(day)]++
  const parts = [
    [count.passed, 'passed'],
    [count.failed, 'failed'],
    [count.offline, 'offline'],
    [count.none, 'without a check'],
  ] as const
  return `${strip.length} days: ${parts
    .filter(([n]) => n > 0)
    .map(([n, word]) => `${n} ${word}`)
    .join(', ')}`
}

/** `2026-11-28` of a day's number. */
export const dayText = (day: number): string => new Date(day * 86_400_000).toISOString().slice(0, 10)

const nothingOn = (day: number): ProofDay => ({
  day,
  passed: 0,
  wrong: 0,
  refused: 0,
  offline: 0,
  unknown: 0,
  medianMs: null,
  maxMs: null,
})

const larger = (a: number | null, b: number | null) => (a === null ? b : b === null ? a : Math.max(a, b))
