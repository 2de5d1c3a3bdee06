import { formatTime } from '@dmc/core/units/format-time'
import type { JournalRow } from '../control/types.ts'
import { cleanText } from './clean-text.ts'
import type { Io } from './io.ts'

/** `2026-11-23 14:05:09 UTC  order:12  The miner prepared …`, warnings and errors coloured and marked. */
export function journalLine({ colors }: Pick<Io, 'colors'>, entry: JournalRow): string {
  const time = colors.dim(formatTime(Math.floor(entry.time / 1000)))
  const subject = colors.cyan(cleanText(entry.subject || 'agent').padEnd(12))
  const message = cleanText(entry.message)
  if (entry.level === 'error') return `${time}  ${subject}  ${colors.red(`error: ${message}`)}`
  if (entry.level === 'warning') return `${time}  ${subject}  ${colors.yellow(`warning: ${message}`)}`
  return `${time}  ${subject}  ${message}`
}
