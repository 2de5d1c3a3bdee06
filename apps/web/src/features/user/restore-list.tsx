'use client'

import { formatRate } from '@dmc/core/units/format-rate'
import { formatSize } from '@dmc/core/units/format-size'
import { useQuery } from '@tanstack/react-query'
import { useTRPC } from '../../lib/trpc.ts'
import { Badge } from '../../ui/badge.tsx'
import { LinkButton } from '../../ui/button.tsx'
import { Card } from '../../ui/card.tsx'
import { ListState } from '../../ui/list-state.tsx'
import { Progress } from '../../ui/progress.tsx'
import { When } from '../../ui/when.tsx'
import { shortOf, stateOf } from './restore-state.ts'
import { readError } from './source-page.tsx'

/** Restores, running and past; every byte was checked against the chain before it was written. */
export function RestoreList() {
  const trpc = useTRPC()
  const restores = useQuery({
    ...trpc.restores.list.queryOptions({ limit: 50 }),
    refetchInterval: ({ state }) => (state.data?.some((job) => job.finishedAt === null) ? 1_000 : 10_000),
  })
  return (
    <Card>
      <ListState
        query={restores}
        isEmpty={(jobs) => jobs.length === 0}
        none={{
          title: 'Nothing has been restored yet',
          text: 'Open a snapshot, choose files or folders, and restore them into a new folder. Try it before you need it.',
          action: <LinkButton href="/u/sources">To the sources</LinkButton>,
        }}
      >
        {(jobs) => (
          <ul className="divide-y divide-line">
            {jobs.map((job) => {
              const short = shortOf(job)
              const [tone, name] = stateOf(job.state, short)
              const running = job.finishedAt === null
              return (
                <li key={`${job.agentId}-${job.jobId}`} className="grid gap-2 px-5 py-4">
                  <div className="flex flex-wrap items-center justify-between gap-2">
                    <p className="min-w-0 font-medium [overflow-wrap:anywhere]">{job.subject}</p>
                    <Badge tone={tone}>{name}</Badge>
                  </div>
                  {running ? (
                    <Progress
                      value={job.total === 0n ? null : Number((job.done * 1000n) / job.total) / 1000}
                      label={`Restore of ${job.subject}`}
                    />
                  ) : null}
                  <p className="tabular flex flex-wrap gap-x-4 text-xs text-muted">
                    <span>
                      {formatSize(job.done)}
                      {running && job.total > 0n ? ` of ${formatSize(job.total)}` : ''}
                    </span>
                    {running && job.rate !== null ? <span>{formatRate(Math.round(job.rate), 1)}</span> : null}
                    <span className="ml-auto">
                      <When at={job.updatedAt.getTime() / 1000} />
                    </span>
                  </p>
                  {short.length > 0 ? (
                    <p role="alert" className="text-[0.8125rem] text-warn">
                      {short.join(' ')} The host that restored says which, and why: dmc-agent restore, with
                      the same snapshot.
                    </p>
                  ) : null}
                  {job.state === 'failed' ? (
                    <p role="alert" className="text-[0.8125rem] text-bad">
                      {readError(job.error).message} {readError(job.error).hint}
                    </p>
                  ) : null}
                </li>
              )
            })}
          </ul>
        )}
      </ListState>
    </Card>
  )
}
