'use client'

import { describeRetention, describeRule, RETENTION_KINDS } from '@dmc/core/schedule/describe'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Pencil, TriangleAlert } from 'lucide-react'
import { type FormEvent, useState } from 'react'
import { toast } from 'sonner'
import { count } from '../../lib/amounts.ts'
import { errorText } from '../../lib/error-text.ts'
import { useTRPC } from '../../lib/trpc.ts'
import type { RouterOutputs } from '../../server/router.ts'
import { Badge } from '../../ui/badge.tsx'
import { Button } from '../../ui/button.tsx'
import { Card, CardBody, CardHeader } from '../../ui/card.tsx'
import { Facts } from '../../ui/facts.tsx'
import { Field, Input } from '../../ui/field.tsx'
import { When } from '../../ui/when.tsx'
import { ExcludesField, patternsOf } from './excludes-field.tsx'
import { ScheduleFields, wishedRule, wishOf } from './schedule-fields.tsx'

type Source = RouterOutputs['sources']['get']

const OUTCOMES: Record<string, { text: string; tone: 'ok' | 'warn' | 'bad' | 'busy' | 'plain' }> = {
  running: { text: 'Running', tone: 'busy' },
  done: { text: 'Done', tone: 'ok' },
  unchanged: { text: 'Nothing had changed', tone: 'ok' },
  partial: { text: 'Some files could not be read', tone: 'warn' },
  failed: { text: 'Failed', tone: 'bad' },
  skipped: { text: 'Left out', tone: 'warn' },
  'no-order': { text: 'No order', tone: 'warn' },
}

/** When a source is backed up by itself, what it leaves out, and what is kept of its snapshots. */
export function SourceSettings({ source }: { source: Source }) {
  const [editing, setEditing] = useState(false)
  const { schedule } = source
  const outcome = schedule?.lastOutcome ? OUTCOMES[schedule.lastOutcome] : undefined
  return (
    <Card aria-label="Schedule">
      <CardHeader
        title="Schedule"
        about="The host keeps it and runs it by itself, also while this dashboard is away."
        action={
          editing ? null : (
            <Button
              size="small"
              disabled={!source.online}
              title={source.online ? undefined : 'The host is offline'}
              onClick={() => setEditing(true)}
            >
              <Pencil aria-hidden /> Change
            </Button>
          )
        }
      />
      {editing ? (
        <Edit source={source} onEnd={() => setEditing(false)} />
      ) : (
        <CardBody className="py-1.5">
          <Facts
            items={[
              ['Backed up', schedule === null ? 'by hand only' : describeRule(schedule.rule)],
              schedule?.nextRunAt
                ? ['Next run', <When key="next" at={schedule.nextRunAt.getTime() / 1000} />]
                : null,
              schedule?.lastRunAt
                ? [
                    'Last run',
                    <span key="last" className="inline-flex flex-wrap items-center justify-end gap-2">
                      {outcome ? <Badge tone={outcome.tone}>{outcome.text}</Badge> : null}
                      <When at={schedule.lastRunAt.getTime() / 1000} />
                    </span>,
                  ]
                : null,
              schedule?.lastNote ? ['About it', schedule.lastNote] : null,
              schedule && schedule.missedRuns > 0
                ? ['Missed', `${count(schedule.missedRuns)}, made up for by one backup each time`]
                : null,
              ['Snapshots kept', describeRetention(source.retention)],
              [
                'Left out',
                source.excludes.length === 0 ? (
                  'nothing'
                ) : (
                  <>
                    <span className="font-mono">{source.excludes.join(' ')}</span>
                    {source.excluded > 0n ? ` (${count(source.excluded)} names)` : ''}
                  </>
                ),
              ],
            ]}
          />
        </CardBody>
      )}
    </Card>
  )
}

type Numbers = Record<(typeof RETENTION_KINDS)[number], string>

function Edit({ source, onEnd }: { source: Source; onEnd: () => void }) {
  const trpc = useTRPC()
  const cache = useQueryClient()
  const { sourceId, agentId, retention } = source
  const [schedule, setSchedule] = useState(() => wishOf(source.schedule?.rule ?? null))
  const [excludes, setExcludes] = useState(source.excludes.join('\n'))
  const [numbers, setNumbers] = useState(
    () =>
      Object.fromEntries(RETENTION_KINDS.map((kind) => [kind, String(retention?.[kind] ?? '')])) as Numbers,
  )
  const set = {
    schedule: useMutation(trpc.sources.setSchedule.mutationOptions()),
    excludes: useMutation(trpc.sources.setExcludes.mutationOptions()),
    retention: useMutation(trpc.sources.setRetention.mutationOptions()),
  }
  const pending = Object.values(set).some((each) => each.isPending)

  /** Only what was changed is asked of the host; each stands alone, so that one refusal keeps nothing else back. */
  const save = async (event: FormEvent) => {
    event.preventDefault()
    const rule = wishedRule(schedule)
    const patterns = patternsOf(excludes)
    const given = RETENTION_KINDS.filter((kind) => numbers[kind].trim() !== '')
    const policy =
      given.length === 0
        ? null
        : {
            ...Object.fromEntries(given.map((kind) => [kind, Number(numbers[kind])])),
            timeZone: retention?.timeZone ?? rule?.timeZone ?? 'UTC',
          }
    const requestKey = () => crypto.randomUUID()
    const asked: Promise<unknown>[] = []
    if (JSON.stringify(rule) !== JSON.stringify(source.schedule?.rule ?? null))
      asked.push(set.schedule.mutateAsync({ sourceId, agentId, rule, requestKey: requestKey() }))
    if (patterns.join('\n') !== source.excludes.join('\n'))
      asked.push(
        set.excludes.mutateAsync({ sourceId, agentId, excludes: patterns, requestKey: requestKey() }),
      )
    if (RETENTION_KINDS.some((kind) => numbers[kind].trim() !== String(retention?.[kind] ?? '')))
      asked.push(set.retention.mutateAsync({ sourceId, agentId, policy, requestKey: requestKey() }))
    const ends = await Promise.allSettled(asked)
    await cache.invalidateQueries({ queryKey: trpc.sources.get.queryKey({ sourceId }) })
    if (ends.some(({ status }) => status === 'rejected')) return
    if (asked.length > 0) toast.success('The host has taken it.')
    onEnd()
  }
  const wrong = (of: keyof typeof set): string | null => {
    if (set[of].error === null) return null
    const { message, hint } = errorText(set[of].error)
    return `${message} ${hint}`
  }
  return (
    <CardBody>
      <form className="grid gap-5" onSubmit={save}>
        <ScheduleFields id="schedule" value={schedule} onChange={setSchedule} error={wrong('schedule')} />
        {schedule.kind === 'off' && wrong('schedule') !== null ? (
          <Refused text={wrong('schedule') ?? ''} />
        ) : null}
        <ExcludesField id="excludes" value={excludes} onChange={setExcludes} error={wrong('excludes')} />
        <fieldset>
          <legend className="mb-1.5 text-[0.8125rem] font-medium">Snapshots kept</legend>
          <div className="grid grid-cols-2 gap-3 sm:grid-cols-4">
            {RETENTION_KINDS.map((kind) => (
              <Field
                key={kind}
                id={`keep-${kind}`}
                label={{ last: 'Newest', daily: 'Daily', weekly: 'Weekly', monthly: 'Monthly' }[kind]}
              >
                <Input
                  id={`keep-${kind}`}
                  type="number"
                  min={1}
                  max={10_000}
                  placeholder="–"
                  value={numbers[kind]}
                  onChange={(event) => setNumbers({ ...numbers, [kind]: event.target.value })}
                />
              </Field>
            ))}
          </div>
          <p className="mt-1.5 text-xs text-muted">
            Leave all empty to keep every snapshot. From here more can be kept; that fewer are kept is said on
            the host alone.
          </p>
          {wrong('retention') === null ? null : <Refused text={wrong('retention') ?? ''} />}
        </fieldset>
        <div className="flex gap-2">
          <Button type="submit" look="primary" disabled={pending || !source.online}>
            {pending ? 'Asking the host…' : 'Save'}
          </Button>
          <Button type="button" onClick={onEnd} disabled={pending}>
            Cancel
          </Button>
        </div>
      </form>
    </CardBody>
  )
}

function Refused({ text }: { text: string }) {
  return (
    <p role="alert" className="mt-3 flex gap-2 rounded-lg bg-bad-soft px-4 py-3 text-[0.8125rem] text-bad">
      <TriangleAlert className="mt-0.5 size-4 shrink-0" aria-hidden />
      <span className="[overflow-wrap:anywhere]">{text}</span>
    </p>
  )
}
