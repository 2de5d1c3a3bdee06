import { localTimeZone } from '@dmc/core/schedule/describe'
import type { ScheduleRule } from '@dmc/core/schedule/schedule-rule'
import { Field, Input, Select } from '../../ui/field.tsx'

/** What a person has chosen; each kind keeps what was written for it. */
export interface ScheduleWish {
  kind: ScheduleRule['kind'] | 'off'
  specs: Record<ScheduleRule['kind'], string>
  /** null: the browser's. */
  timeZone: string | null
}

const SPECS = { times: '03:00', interval: '6h', cron: '0 3 * * *' }

/** What is suggested for a new source. */
export const DAILY: ScheduleWish = { kind: 'times', specs: SPECS, timeZone: null }

export const wishOf = (rule: ScheduleRule | null): ScheduleWish =>
  rule === null
    ? { ...DAILY, kind: 'off' }
    : { kind: rule.kind, specs: { ...SPECS, [rule.kind]: rule.spec }, timeZone: rule.timeZone }

export const wishedRule = ({ kind, specs, timeZone }: ScheduleWish): ScheduleRule | null =>
  kind === 'off' ? null : { kind, spec: specs[kind], timeZone: timeZone ?? localTimeZone() }

const HINTS = {
  times: 'Times of day, with commas between them.',
  interval: 'Such as 90m, 6h or 1d.',
  cron: 'Minute, hour, day, month, weekday.',
}

/** When a source is backed up by itself. */
export function ScheduleFields({
  id,
  value,
  onChange,
  error,
}: {
  id: string
  value: ScheduleWish
  onChange: (wish: ScheduleWish) => void
  error?: string | null
}) {
  const { kind } = value
  return (
    <div className="grid gap-3 sm:grid-cols-[11rem_1fr]">
      <Field id={`${id}-kind`} label="Back up by itself">
        <Select
          id={`${id}-kind`}
          value={kind}
          onChange={(event) => onChange({ ...value, kind: event.target.value as ScheduleWish['kind'] })}
        >
          <option value="times">Daily at</option>
          <option value="interval">Every</option>
          <option value="cron">By a cron rule</option>
          <option value="off">Off: by hand only</option>
        </Select>
      </Field>
      {kind === 'off' ? null : (
        <Field
          id={`${id}-spec`}
          label={{ times: 'Times', interval: 'Interval', cron: 'Cron rule' }[kind]}
          hint={
            kind === 'interval'
              ? HINTS.interval
              : `${HINTS[kind]} Clock of ${value.timeZone ?? localTimeZone()}.`
          }
          error={error}
        >
          <Input
            id={`${id}-spec`}
            className="tabular"
            spellCheck={false}
            value={value.specs[kind]}
            aria-invalid={error ? true : undefined}
            onChange={(event) =>
              onChange({ ...value, specs: { ...value.specs, [kind]: event.target.value } })
            }
          />
        </Field>
      )}
    </div>
  )
}
