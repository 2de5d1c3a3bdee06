import { describeRule } from '@dmc/core/schedule/describe'
import { checkRule, nextRun, type ScheduleRule } from '@dmc/core/schedule/schedule-rule'
import type { AgentContext } from '../agent-context.ts'
import { dropSchedule, findSchedule, type Schedule, saveSchedule } from './schedule-rows.ts'

/**
 * Gives a source a schedule, or takes it away. The same rule again changes nothing.
 * @throws SOURCE_UNKNOWN, SCHEDULE_INVALID
 */
export function setSchedule(
  { store, sources, journal }: Pick<AgentContext, 'store' | 'sources' | 'journal'>,
  sourceId: string,
  wanted: ScheduleRule | null,
  now = Date.now(),
): Schedule | null {
  const { name } = sources.get(sourceId)
  const rule = wanted && checkRule(wanted)
  const before = findSchedule(store, sourceId)
  if (JSON.stringify(before?.rule ?? null) === JSON.stringify(rule)) return before
  const subject = `source:${sourceId}`
  if (rule === null) {
    dropSchedule(store, sourceId)
    journal.add({ event: 'schedule-off', subject, message: `Source ${name} is backed up by hand only.` })
    return null
  }
  const next = nextRun(rule, now, now) ?? now
  saveSchedule(store, sourceId, rule, { since: now, nextRun: next })
  journal.add({
    event: 'schedule-set',
    subject,
    message: `Source ${name} is backed up ${describeRule(rule)}; next on ${new Date(next).toISOString()}.`,
  })
  return findSchedule(store, sourceId)
}
