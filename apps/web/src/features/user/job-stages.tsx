import { formatDuration } from '@dmc/core/units/format-duration'
import { formatRate } from '@dmc/core/units/format-rate'
import { formatSize } from '@dmc/core/units/format-size'
import { Check, CircleDashed, LoaderCircle } from 'lucide-react'
import type { RouterOutputs } from '../../server/router.ts'
import { Progress } from '../../ui/progress.tsx'

export type Job = NonNullable<RouterOutputs['sources']['list'][number]['job']>

/** The stages of a backup in the order in which they happen; `key` as the agent names them. */
const STAGES = [
  ['scan', 'Scan', 'Looking at every file'],
  ['encode', 'Encrypt', 'Cut, compressed, sealed on the host'],
  ['deliver', 'Deliver', 'To the miner, chunk by chunk'],
  ['prepare', 'Commit', 'Both sides state the same root'],
  ['active', 'Protected', 'The order is active'],
] as const

export type StageKey = (typeof STAGES)[number][0]

/** Where a backup stands: done, now (with rate and time left), to come. */
export function JobStages({ at, job }: { at: StageKey | null; job: Job | null }) {
  const now = at === null ? STAGES.length : STAGES.findIndex(([key]) => key === at)
  const done = job === null || job.total === 0n ? null : Number((job.done * 1000n) / job.total) / 1000
  return (
    <div>
      <ol className="grid gap-3 sm:grid-cols-5 sm:gap-2">
        {STAGES.map(([key, name, about], i) => {
          const state = i < now ? 'done' : i === now ? 'now' : 'later'
          const Icon = state === 'done' ? Check : state === 'now' ? LoaderCircle : CircleDashed
          return (
            <li
              key={key}
              className="flex items-start gap-2.5 sm:flex-col sm:gap-2"
              aria-current={state === 'now' ? 'step' : undefined}
            >
              <span
                className={`grid size-7 shrink-0 place-items-center rounded-full ${state === 'done' ? 'bg-ok-soft text-ok' : state === 'now' ? 'bg-accent text-on-accent' : 'bg-raised text-muted'}`}
              >
                <Icon className={`size-4 ${state === 'now' ? 'animate-spin' : ''}`} aria-hidden />
              </span>
              <span className="min-w-0">
                <span
                  className={`block text-[0.8125rem] font-medium ${state === 'later' ? 'text-muted' : ''}`}
                >
                  {name}
                  <span className="sr-only">
                    {state === 'done' ? ' (done)' : state === 'now' ? ' (now)' : ' (to come)'}
                  </span>
                </span>
                <span className="block text-xs text-muted">{about}</span>
              </span>
            </li>
          )
        })}
      </ol>
      {job === null ? null : (
        <div className="mt-5">
          <Progress value={done} label={`${job.stage ?? 'Working'}: ${job.subject}`} />
          <p
            className="tabular mt-2 flex flex-wrap justify-between gap-x-4 text-xs text-muted"
            aria-live="off"
          >
            <span>
              {formatSize(job.done)}
              {job.total > 0n ? ` of ${formatSize(job.total)}` : ''}
              {job.note === null ? '' : ` · ${job.note}`}
            </span>
            <span>
              {job.rate === null || job.rate <= 0
                ? ''
                : `${formatRate(Math.round(job.rate), 1)}${job.total > job.done ? ` · ${formatDuration(Math.ceil(Number(job.total - job.done) / job.rate))} left` : ''}`}
            </span>
          </p>
        </div>
      )}
    </div>
  )
}
