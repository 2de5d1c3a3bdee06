import { Cron } from 'croner'
import * as z from 'zod'
import { DmcError } from '../errors/dmc-error.ts'
import { parseDuration } from '../units/parse-duration.ts'

export const SCHEDULE_KINDS = ['interval', 'times', 'cron'] as const

/** When a source is backed up by itself. `spec` by kind: `6h`, `03:00,15:00`, `0 3 * * *`. */
export const scheduleRule = z.strictObject({
  kind: z.enum(SCHEDULE_KINDS),
  spec: z.string().min(1).max(200),
  /** IANA name; intervals do not look at it. */
  timeZone: z.string().min(1).max(64),
})
export type ScheduleRule = z.output<typeof scheduleRule>

const MOST_TIMES = 24
const MINUTE_MS = 60_000
/** Runs whose distances are looked at: more than a rule can have within an hour, and the times of a day. */
const LOOKED_AT = 150
/** A run costs a transaction: no rule runs more often. */
export const SHORTEST_INTERVAL_MS = MINUTE_MS
const LONGEST_INTERVAL_MS = 366 * 86_400_000

/**
 * The rule in its one spelling.
 * @throws SCHEDULE_INVALID for a rule that no clock could follow: it would never run, run more than once a minute, or
 *   name no time zone
 */
export function checkRule({ kind, spec, timeZone }: ScheduleRule): ScheduleRule {
  const zone = checkTimeZone(timeZone)
  if (kind === 'interval') {
    const text = spec.trim().toLowerCase()
    intervalMs(text)
    return { kind, spec: text, timeZone: zone }
  }
  if (kind === 'times') return { kind, spec: timesOf(spec).join(','), timeZone: zone }
  const pattern = spec.trim().split(/\s+/).join(' ')
  const rule = { kind, spec: pattern, timeZone: zone }
  cronOf(pattern, zone)
  // years enough for a 29th of February on a given weekday
  if (nextRun(rule, Date.UTC(2027, 0, 1), 0) === null) throw invalid(`'${pattern}' never comes`)
  return rule
}

/**
 * The first run after a moment, in Unix ms; null when there is none. Where a clock is set forward over a time, it runs when
 * the gap ends; where a time comes twice, it runs at the first.
 * @param since from where an interval counts: when the rule was made
 */
export function nextRun(rule: ScheduleRule, afterMs: number, since: number): number | null {
  const { kind, spec, timeZone } = rule
  if (kind === 'interval') {
    const every = intervalMs(spec)
    return since + (Math.max(0, Math.floor((afterMs - since) / every)) + 1) * every
  }
  const crons = kind === 'cron' ? [spec] : timesOf(spec).map(cronOfTime)
  const after = new Date(afterMs)
  const runs = crons.flatMap((pattern) => cronOf(pattern, timeZone).nextRun(after)?.getTime() ?? [])
  return runs.length === 0 ? null : Math.min(...runs)
}

function intervalMs(spec: string): number {
  let ms: number
  try {
    ms = Number(parseDuration(spec)) * 1000
  } catch {
    throw invalid(`'${spec.slice(0, 40)}' is no length of time`)
  }
  if (ms < SHORTEST_INTERVAL_MS || ms > LONGEST_INTERVAL_MS)
    throw invalid(`every ${spec} is not between 1m and 366d`)
  return ms
}

/** `03:00` and so on, sorted, each once. */
function timesOf(spec: string): string[] {
  const times = spec.split(',').map((time) => time.trim())
  for (const time of times) {
    if (!/^([01]?\d|2[0-3]):[0-5]\d$/.test(time)) throw invalid(`'${time.slice(0, 40)}' is no time of day`)
  }
  if (times.length > MOST_TIMES) throw invalid(`${times.length} times of day are more than ${MOST_TIMES}`)
  return [...new Set(times.map((time) => time.padStart(5, '0')))].sort()
}

const cronOfTime = (time: string): string => `${Number(time.slice(3))} ${Number(time.slice(0, 2))} * * *`

function cronOf(pattern: string, timezone: string): Cron {
  // five fields only: a date would be a rule that runs once, seconds one that runs too often
  if (pattern.split(' ').length !== 5)
    throw invalid(`'${pattern}' has not the five fields minute, hour, day, month, weekday`)
  try {
    return new Cron(pattern, { timezone, mode: '5-part', paused: true })
  } catch (error) {
    throw invalid(`'${pattern}' is no cron rule: ${(error as Error).message.slice(0, 120)}`)
  }
}

/** The shortest time between two of its next runs, in ms: those of the next days, or years when it runs seldom. */
export function shortestGapMs(rule: ScheduleRule, fromMs: number): number {
  if (rule.kind === 'interval') return intervalMs(rule.spec)
  let shortest = Number.POSITIVE_INFINITY
  let before = nextRun(rule, fromMs, fromMs)
  for (let i = 0; i < LOOKED_AT && before !== null; i++) {
    const next = nextRun(rule, before, fromMs)
    if (next !== null) shortest = Math.min(shortest, next - before)
    before = next
  }
  return shortest
}

/** The zone's own name. @throws SCHEDULE_INVALID */
export function checkTimeZone(name: string): string {
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone: name }).resolvedOptions().timeZone
  } catch {
    throw invalid(`'${name.slice(0, 40)}' is no time zone`)
  }
}

const invalid = (what: string): DmcError =>
  new DmcError('SCHEDULE_INVALID', `This is no schedule: ${what}.`, {
    hint: 'For example: every 6h, at 03:00,15:00, or by cron 0 3 * * * (minute, hour, day, month, weekday); time zones are like Europe/Berlin.',
  })
