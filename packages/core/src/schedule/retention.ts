import * as z from 'zod'
import { RETENTION_KINDS } from './describe.ts'

const many = z.number().int().min(1).max(10_000).optional()

/** How many snapshots of a source are kept, newest first; at least one of the numbers is given. Days begin by `timeZone`. */
export const retentionPolicy = z
  .strictObject({
    last: many,
    /** One for each of so many days, ISO weeks, months in which there is one. */
    daily: many,
    weekly: many,
    monthly: many,
    timeZone: z.string().min(1).max(64),
  })
  .refine((policy) => RETENTION_KINDS.some((kind) => policy[kind] !== undefined), {
    message: 'at least one of last, daily, weekly, monthly',
  })
export type RetentionPolicy = z.output<typeof retentionPolicy>

export interface KeptOrNot {
  snapshotId: string
  /** Unix ms. */
  time: number
  /** Files that are listed and not stored: above 0 it is partial. */
  missing: number
}

/**
 * Which snapshots a policy keeps, by id. null keeps all. Of each day, week and month the newest complete snapshot counts,
 * a partial one only where there is no complete one. Whatever the numbers: the newest of all and the newest complete one
 * are kept, so that there is always one to restore from. What is newer says the order in which they were stored: a clock that
 * was wrong for a while must not make its snapshots the newest until that year has come. Only days, weeks and months are by the clock.
 * @param snapshots of one source as they were stored, oldest first
 */
export function selectKept(snapshots: readonly KeptOrNot[], policy: RetentionPolicy | null): Set<string> {
  if (policy === null) return new Set(snapshots.map(({ snapshotId }) => snapshotId))
  const newestFirst = snapshots.toReversed()
  const kept = new Set<string>()
  const keep = (snapshot: KeptOrNot | undefined) => snapshot && kept.add(snapshot.snapshotId)
  keep(newestFirst[0])
  keep(newestFirst.find(({ missing }) => missing === 0))
  for (const snapshot of newestFirst.slice(0, policy.last ?? 0)) keep(snapshot)
  const dateOf = localDate(policy.timeZone)
  for (const [most, nameOf] of [
    [policy.daily, (day: number) => day],
    [policy.weekly, weekOf],
    [policy.monthly, (day: number) => new Date(day * DAY_MS).toISOString().slice(0, 7)],
  ] as const) {
    if (most === undefined) continue
    const best = new Map<number | string, KeptOrNot>()
    for (const snapshot of newestFirst) {
      const name = nameOf(dateOf(snapshot.time))
      const known = best.get(name)
      if (!known) {
        if (best.size >= most) continue
        best.set(name, snapshot)
      } else if (known.missing > 0 && snapshot.missing === 0) best.set(name, snapshot)
    }
    for (const snapshot of best.values()) keep(snapshot)
  }
  return kept
}

/** True when `next` forgets nothing that `present` would keep, whatever the snapshots are. */
export function keepsAtLeast(next: RetentionPolicy | null, present: RetentionPolicy | null): boolean {
  if (next === null) return true
  if (present === null) return false
  // the same numbers by another clock choose other snapshots
  if (next.timeZone !== present.timeZone) return false
  return RETENTION_KINDS.every((kind) => (next[kind] ?? 0) >= (present[kind] ?? 0))
}

const DAY_MS = 86_400_000

/** The local date of a moment, as its number of days since 1970. */
function localDate(timeZone: string): (ms: number) => number {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    calendar: 'gregory',
    numberingSystem: 'latn',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
  })
  return (ms) => {
    const parts = format.formatToParts(ms)
    const part = (type: string) => Number(parts.find((one) => one.type === type)?.value)
    return Date.UTC(part('year'), part('month') - 1, part('day')) / DAY_MS
  }
}

/** Weeks begin on Monday; day 0 was a Thursday. */
const weekOf = (day: number): number => Math.floor((day + 3) / 7)
