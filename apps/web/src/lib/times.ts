import { formatDuration } from '@dmc/core/units/format-duration'

/** `3 min ago`, `in 2 w 1 d`, `just now`; both in unix seconds. */
export function relativeTime(at: number, now: number): string {
  const seconds = Math.round(at - now)
  if (Math.abs(seconds) < 5) return 'just now'
  const [first = '', unit = '', ...rest] = formatDuration(Math.abs(seconds)).split(' ')
  // Beyond an hour the first part says enough; weeks and days keep both.
  const text = unit === 'w' || unit === 'd' ? [first, unit, ...rest].join(' ') : `${first} ${unit}`
  return seconds < 0 ? `${text} ago` : `in ${text}`
}

/** `14:02:11`, of a JavaScript time. */
export const clockTime = (ms: number) => new Date(ms).toLocaleTimeString('en-GB')
