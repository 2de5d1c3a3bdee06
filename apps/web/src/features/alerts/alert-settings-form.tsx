'use client'

import { ALERT_GROUPS, ALERT_KINDS, type AlertKind, type AlertLevel } from '@dmc/core/alerts/kinds'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, Fragment, useState } from 'react'
import { toast } from 'sonner'
import { errorText } from '../../lib/error-text.ts'
import { useTRPC } from '../../lib/trpc.ts'
import type { RouterOutputs } from '../../server/router.ts'
import { Button } from '../../ui/button.tsx'
import { Card, CardBody, CardHeader } from '../../ui/card.tsx'
import { Field, Input, Select, UnitInput } from '../../ui/field.tsx'

type Alerts = RouterOutputs['settings']['get']['alerts']
type Column = keyof Alerts['off']

const COLUMNS: { column: Column; name: string }[] = [
  { column: 'watch', name: 'Watched' },
  { column: 'webhook', name: 'Webhook' },
  { column: 'email', name: 'E-mail' },
]
const LEAST: Record<AlertLevel, string> = {
  info: 'Everything',
  warning: 'Warnings and urgent',
  error: 'Urgent only',
}
const NUMBERS = [
  { key: 'hostAwayMinutes', label: 'A host is away after', unit: 'minutes', most: 1_440 },
  { key: 'backupLateHours', label: 'A backup is late after', unit: 'hours', most: 168 },
  { key: 'challengesLeft', label: 'A reserve should pay for', unit: 'challenges', most: 100 },
  { key: 'actsLeft', label: 'A key should have gas for', unit: 'acts', most: 1_000 },
] as const

/** Days as they are typed: `14, 7, 3, 1`; null: something is none. */
export function daysOf(text: string): number[] | null {
  const parts = text.split(/[\s,;]+/).filter((part) => part !== '')
  const days = parts.map(Number)
  const good = parts.length > 0 && parts.length <= 8 && parts.every((part) => /^\d{1,2}$/.test(part))
  return good && days.every((day) => day >= 1 && day <= 90) ? [...new Set(days)].sort((a, b) => b - a) : null
}

/** What is watched, when it is told, and by which way. */
export function AlertSettingsForm({ alerts }: { alerts: Alerts }) {
  const trpc = useTRPC()
  const cache = useQueryClient()
  const [draft, setDraft] = useState(alerts)
  const [days, setDays] = useState(alerts.daysBefore.join(', '))
  const [numbers, setNumbers] = useState<Record<string, string>>(() =>
    Object.fromEntries(NUMBERS.map(({ key }) => [key, String(alerts[key])])),
  )
  const save = useMutation({
    ...trpc.settings.set.mutationOptions(),
    onSuccess: ({ alerts: saved }) => {
      setDraft(saved)
      setDays(saved.daysBefore.join(', '))
      toast.success('Saved.')
      return cache.invalidateQueries({ queryKey: trpc.settings.pathKey() })
    },
  })
  const daysBefore = daysOf(days)
  const wrongNumber = NUMBERS.find(({ key, most }) => {
    const text = numbers[key] ?? ''
    return !/^\d{1,4}$/.test(text.trim()) || Number(text) < 1 || Number(text) > most
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (daysBefore === null || wrongNumber !== undefined) return
    const given = Object.fromEntries(NUMBERS.map(({ key }) => [key, Number(numbers[key])]))
    save.mutate({ alerts: { ...draft, ...given, daysBefore } })
  }
  const flip = (column: Column, kind: AlertKind) => {
    const off = draft.off[column]
    const next = off.includes(kind) ? off.filter((each) => each !== kind) : [...off, kind]
    setDraft({ ...draft, off: { ...draft.off, [column]: next } })
  }
  const wrong = save.error === null ? null : errorText(save.error)
  return (
    <Card aria-label="What you are told of">
      <CardHeader
        title="What you are told of"
        about="Each alert is told when it opens and when it gets worse, else at most once a day."
      />
      <form onSubmit={submit}>
        <CardBody className="grid gap-5 border-b border-line sm:grid-cols-2 lg:grid-cols-3">
          <Field
            id="days-before"
            label="Days before an end"
            error={daysBefore === null ? 'Up to eight whole numbers from 1 to 90, with commas.' : null}
            hint="Orders and keys: told again at each."
          >
            <Input
              id="days-before"
              value={days}
              inputMode="numeric"
              aria-invalid={daysBefore === null}
              onChange={(event) => setDays(event.target.value)}
            />
          </Field>
          {NUMBERS.map(({ key, label, unit, most }) => (
            <Field
              key={key}
              id={key}
              label={label}
              error={wrongNumber?.key === key ? `A whole number from 1 to ${most}.` : null}
            >
              <UnitInput
                id={key}
                unit={unit}
                value={numbers[key] ?? ''}
                aria-invalid={wrongNumber?.key === key}
                onChange={(event) => setNumbers({ ...numbers, [key]: event.target.value })}
              />
            </Field>
          ))}
          {(['webhook', 'email'] as const).map((channel) => (
            <Field
              key={channel}
              id={`least-${channel}`}
              label={channel === 'webhook' ? 'The webhook is sent' : 'By e-mail is sent'}
            >
              <Select
                id={`least-${channel}`}
                value={draft.least[channel]}
                onChange={(event) =>
                  setDraft({
                    ...draft,
                    least: { ...draft.least, [channel]: event.target.value as AlertLevel },
                  })
                }
              >
                {Object.entries(LEAST).map(([level, name]) => (
                  <option key={level} value={level}>
                    {name}
                  </option>
                ))}
              </Select>
            </Field>
          ))}
          <label className="flex items-center gap-2.5 self-center text-[0.8125rem]">
            <input
              type="checkbox"
              checked={draft.whenOver}
              onChange={(event) => setDraft({ ...draft, whenOver: event.target.checked })}
              className="size-4 accent-(--accent)"
            />
            Also tell me when something is over
          </label>
        </CardBody>
        <table className="w-full text-[0.8125rem]">
          <caption className="sr-only">Which alerts are watched, and by which way they are told</caption>
          <thead>
            <tr className="border-b border-line text-left text-xs text-muted">
              <th scope="col" className="px-4 py-2.5 font-medium sm:px-5">
                Alert
              </th>
              {COLUMNS.map(({ column, name }) => (
                <th key={column} scope="col" className="w-16 px-1 py-2.5 text-center font-medium sm:w-24">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {Object.entries(ALERT_GROUPS).map(([group, title]) => (
              <Fragment key={group}>
                <tr className="border-b border-line bg-raised/50">
                  <th
                    scope="colgroup"
                    colSpan={4}
                    className="px-4 py-1.5 text-left text-xs font-medium text-muted sm:px-5"
                  >
                    {title}
                  </th>
                </tr>
                {Object.entries(ALERT_KINDS)
                  .filter(([, kind]) => kind.group === group)
                  .map(([name, { name: text }]) => {
                    const kind = name as AlertKind
                    const watched = !draft.off.watch.includes(kind)
                    return (
                      <tr key={kind} className="border-b border-line last:border-0">
                        <th scope="row" className="px-4 py-2 text-left font-normal sm:px-5">
                          {text}
                        </th>
                        {COLUMNS.map(({ column, name: way }) => (
                          <td key={column} className="px-1 py-1 text-center">
                            <label className="inline-grid size-8 place-items-center">
                              <span className="sr-only">
                                {text}: {way}
                              </span>
                              <input
                                type="checkbox"
                                checked={watched && !draft.off[column].includes(kind)}
                                disabled={column !== 'watch' && !watched}
                                onChange={() => flip(column, kind)}
                                className="size-4 accent-(--accent) disabled:opacity-40"
                              />
                            </label>
                          </td>
                        ))}
                      </tr>
                    )
                  })}
              </Fragment>
            ))}
          </tbody>
        </table>
        <div className="flex flex-wrap items-center gap-3 border-t border-line px-4 py-3.5 sm:px-5">
          <Button
            type="submit"
            look="primary"
            disabled={save.isPending || daysBefore === null || wrongNumber !== undefined}
          >
            {save.isPending ? 'Saving…' : 'Save'}
          </Button>
          {wrong === null ? null : (
            <p role="alert" className="text-[0.8125rem] text-bad">
              {wrong.message} {wrong.hint}
            </p>
          )}
        </div>
      </form>
    </Card>
  )
}
