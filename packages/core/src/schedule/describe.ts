import type { RetentionPolicy } from './retention.ts'
import type { ScheduleRule } from './schedule-rule.ts'

/** What pages need to show rules, without what is needed to compute them. */
export const RETENTION_KINDS = ['last', 'daily', 'weekly', 'monthly'] as const

/** For people: "every 6h", "daily at 03:00, 15:00 (Europe/Berlin)", "cron 0 3 * * * (UTC)". */
export function describeRule({ kind, spec, timeZone }: ScheduleRule): string {
  if (kind === 'interval') return `every ${spec}`
  if (kind === 'times') return `daily at ${spec.replaceAll(',', ', ')} (${timeZone})`
  return `cron ${spec} (${timeZone})`
}

/** For people: "the last 10, 7 daily, 4 weekly (Europe/Berlin)". */
export function describeRetention(policy: RetentionPolicy | null): string {
  if (policy === null) return 'all'
  const parts = RETENTION_KINDS.flatMap((kind) => {
    const count = policy[kind]
    return count === undefined ? [] : [kind === 'last' ? `the last ${count}` : `${count} ${kind}`]
  })
  return `${parts.join(', ')} (${policy.timeZone})`
}

/** Of the machine that asks. */
export const localTimeZone = (): string => new Intl.DateTimeFormat().resolvedOptions().timeZone
