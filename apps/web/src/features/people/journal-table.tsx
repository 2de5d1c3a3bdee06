'use client'

import { formatTime } from '@dmc/core/units/format-time'
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Download } from 'lucide-react'
import { parseAsString, parseAsStringLiteral, useQueryStates } from 'nuqs'
import { shortenIds, shortHex } from '../../lib/short-hex.ts'
import { useTRPC, useTRPCClient } from '../../lib/trpc.ts'
import { Badge, type Tone } from '../../ui/badge.tsx'
import { Button } from '../../ui/button.tsx'
import { Card } from '../../ui/card.tsx'
import { Field, Select } from '../../ui/field.tsx'
import { ListState } from '../../ui/list-state.tsx'

const LEVELS = ['info', 'warning', 'error'] as const
const TONES: Record<(typeof LEVELS)[number], Tone> = { info: 'info', warning: 'warn', error: 'bad' }

/** What happened on all hosts, newest first; filters live in the URL. */
export function JournalTable() {
  const trpc = useTRPC()
  const api = useTRPCClient()
  const [filter, setFilter] = useQueryStates({
    level: parseAsStringLiteral(LEVELS),
    agent: parseAsString,
  })
  const agents = useQuery(trpc.agents.list.queryOptions())
  const input = {
    limit: 50,
    ...(filter.level === null ? {} : { level: filter.level }),
    ...(filter.agent === null ? {} : { agentId: filter.agent }),
  }
  const journal = useInfiniteQuery({
    // begins with the procedure's path, as all keys of the API, so that the live feed finds it
    queryKey: [...trpc.journal.list.pathKey(), 'pages', input],
    initialPageParam: null as bigint | null,
    queryFn: ({ pageParam }) =>
      api.journal.list.query({ ...input, ...(pageParam === null ? {} : { before: pageParam }) }),
    getNextPageParam: (page) => page.next,
  })
  const on = filter.level !== null || filter.agent !== null
  const name = (agentId: string | null) =>
    agents.data?.find((agent) => agent.agentId === agentId)?.name ?? 'Dashboard'
  const rows = journal.data?.pages.flatMap((page) => page.items) ?? []
  return (
    <Card>
      <div className="flex flex-wrap items-end gap-3 border-b border-line px-5 py-4">
        <Field id="level" label="Level" className="w-36">
          <Select
            id="level"
            value={filter.level ?? ''}
            onChange={(event) =>
              setFilter({ level: LEVELS.find((level) => level === event.target.value) ?? null })
            }
          >
            <option value="">All</option>
            {LEVELS.map((level) => (
              <option key={level} value={level}>
                {level}
              </option>
            ))}
          </Select>
        </Field>
        <Field id="host" label="Host" className="w-48">
          <Select
            id="host"
            value={filter.agent ?? ''}
            onChange={(event) => setFilter({ agent: event.target.value || null })}
          >
            <option value="">All</option>
            {agents.data?.map((agent) => (
              <option key={agent.agentId} value={agent.agentId}>
                {agent.name}
              </option>
            ))}
          </Select>
        </Field>
        <Button className="ml-auto" disabled={rows.length === 0} onClick={() => download(rows)}>
          <Download aria-hidden /> Export these {rows.length}
        </Button>
      </div>
      <ListState
        query={{ ...journal, data: journal.data === undefined ? undefined : rows }}
        isEmpty={(all) => all.length === 0}
        none={{ title: 'Nothing yet', text: 'The first entry comes when an agent is paired.' }}
        {...(on ? { filtered: { clear: () => setFilter(null) } } : {})}
        rows={8}
      >
        {(all) => (
          <>
            <ol className="divide-y divide-line">
              {all.map((entry) => (
                <li
                  key={String(entry.id)}
                  className="grid gap-x-4 gap-y-1 px-5 py-3 text-[0.8125rem] sm:grid-cols-[9.5rem_6.5rem_1fr_auto] sm:items-baseline"
                >
                  <time dateTime={entry.time.toISOString()} className="tabular text-xs text-muted">
                    {formatTime(Math.floor(entry.time.getTime() / 1000)).replace(' UTC', '')}
                  </time>
                  <span>
                    <Badge tone={TONES[entry.level]}>{entry.level}</Badge>
                  </span>
                  <span className="min-w-0 [overflow-wrap:anywhere]">
                    {shortenIds(entry.message)}
                    <span className="block text-xs text-muted">
                      {entry.event}
                      {entry.subject ? ` · ${shortenIds(entry.subject)}` : ''}
                      {entry.transactionHash === null ? '' : ` · ${shortHex(entry.transactionHash)}`}
                    </span>
                  </span>
                  <span className="text-xs text-muted">{name(entry.agentId)}</span>
                </li>
              ))}
            </ol>
            {journal.hasNextPage ? (
              <div className="border-t border-line p-3 text-center">
                <Button
                  look="quiet"
                  disabled={journal.isFetchingNextPage}
                  onClick={() => journal.fetchNextPage()}
                >
                  {journal.isFetchingNextPage ? 'Loading…' : 'Show older'}
                </Button>
              </div>
            ) : null}
          </>
        )}
      </ListState>
    </Card>
  )
}

/** One JSON document a line, as `dmc-agent journal --json` prints them. */
function download(rows: readonly unknown[]): void {
  const text = rows
    .map((row) => JSON.stringify(row, (_, value) => (typeof value === 'bigint' ? value.toString() : value)))
    .join('\n')
  const link = document.createElement('a')
  link.href = URL.createObjectURL(new Blob([text], { type: 'application/x-ndjson' }))
  link.download = 'journal.ndjson'
  link.click()
  URL.revokeObjectURL(link.href)
}
