'use client'

import { useQuery } from '@tanstack/react-query'
import Link from 'next/link'
import { shortenIds } from '../../lib/short-hex.ts'
import { useTRPC } from '../../lib/trpc.ts'
import { Card, CardHeader } from '../../ui/card.tsx'
import { ListState } from '../../ui/list-state.tsx'
import { When } from '../../ui/when.tsx'

export function RecentActivity() {
  const trpc = useTRPC()
  const journal = useQuery(trpc.journal.list.queryOptions({ limit: 8 }))
  return (
    <Card>
      <CardHeader
        title="Activity"
        action={
          <Link
            href="/activity"
            className="text-[0.8125rem] text-muted underline-offset-3 hover:text-text hover:underline"
          >
            All of it
          </Link>
        }
      />
      <ListState
        query={journal}
        isEmpty={(page) => page.items.length === 0}
        none={{ title: 'Nothing yet', text: 'The first entry comes when an agent is paired.' }}
      >
        {(page) => (
          <ol className="divide-y divide-line">
            {page.items.map((entry) => (
              <li
                key={String(entry.id)}
                className="flex items-baseline justify-between gap-4 px-5 py-2.5 text-[0.8125rem]"
              >
                <span
                  className={`min-w-0 [overflow-wrap:anywhere] ${entry.level === 'error' ? 'text-bad' : ''}`}
                >
                  {entry.level === 'info' ? null : <span className="sr-only">{entry.level}: </span>}
                  {shortenIds(entry.message)}
                </span>
                <span className="shrink-0 text-xs text-muted">
                  <When at={entry.time.getTime() / 1000} />
                </span>
              </li>
            ))}
          </ol>
        )}
      </ListState>
    </Card>
  )
}
