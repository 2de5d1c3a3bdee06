import { describeRule, localTimeZone } from '@dmc/core/schedule/describe'
import type { ScheduleRule } from '@dmc/core/schedule/schedule-rule'
import { callAgent } from '../control/call-agent.ts'
import { cleanText } from '../output/clean-text.ts'
import { formatMs } from '../output/format.ts'
import { fail } from '../output/io.ts'
import type { Action } from './shell.ts'

interface ScheduleOptions {
  every?: string
  at?: string
  cron?: string
  off?: boolean
  timezone?: string
}

export const sourceSchedule: Action<[string], ScheduleOptions> = async ({ io, caller }, options, source) => {
  const rule = ruleOf(options)
  const row = await callAgent(caller, 'source.schedule', { source, rule })
  io.document('source.schedule', { source: row })
  if (row.schedule === null) return void io.print(`Source ${cleanText(row.name)} is backed up by hand only.`)
  io.print(
    `Source ${cleanText(row.name)} is backed up ${describeRule(row.schedule.rule)}; next: ${formatMs(row.schedule.nextMs)}.`,
  )
  io.note('dmc-agent run runs it, also without a dashboard.')
}

function ruleOf({ every, at, cron, off, timezone }: ScheduleOptions): ScheduleRule | null {
  const given = Object.entries({ interval: every, times: at, cron }).filter(
    (entry): entry is [ScheduleRule['kind'], string] => entry[1] !== undefined,
  )
  const [rule] = given
  if (given.length + (off ? 1 : 0) !== 1) {
    throw fail('USAGE', 'Give one of --every, --at, --cron and --off.', 'source list shows what is set now.')
  }
  return rule ? { kind: rule[0], spec: rule[1], timeZone: timezone ?? localTimeZone() } : null
}
