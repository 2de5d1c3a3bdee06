'use client'

import { useQuery } from '@tanstack/react-query'
import { BellOff, History, Settings } from 'lucide-react'
import { parseAsStringLiteral, useQueryState } from 'nuqs'
import { count } from '../../lib/amounts.ts'
import { useTRPC } from '../../lib/trpc.ts'
import { LinkButton } from '../../ui/button.tsx'
import { Card } from '../../ui/card.tsx'
import { ListState } from '../../ui/list-state.tsx'
import { Notice } from '../../ui/notice.tsx'
import { PageHeader } from '../../ui/page.tsx'
import { AlertItem } from './alert-item.tsx'
import { AllClear } from './all-clear.tsx'

const SHOWS = ['open', 'quiet', 'over'] as const
const NAMES = { open: 'Open', quiet: 'Snoozed and dismissed', over: 'Over' } as const

/** What needs the person, what it wants to hear nothing of, and what is over. */
export function AlertList() {
  const trpc = useTRPC()
  const [show, setShow] = useQueryState('show', parseAsStringLiteral(SHOWS).withDefault('open'))
  const query = useQuery(trpc.alerts.list.queryOptions({ show }))
  return (
    <>
      <PageHeader
        title="Alerts"
        about="What needs you, the most urgent first. Each goes by itself when its cause is gone."
        action={
          <LinkButton href="/settings">
            <Settings aria-hidden /> What you are told of
          </LinkButton>
        }
      />
      <Card>
        <fieldset className="flex min-w-0 gap-1 overflow-x-auto border-b border-line px-3 py-2 sm:px-4">
          <legend className="sr-only">Which alerts</legend>
          {SHOWS.map((each) => (
            <button
              key={each}
              type="button"
              aria-pressed={show === each}
              onClick={() => setShow(each)}
              className="flex h-8 items-center gap-2 rounded-lg px-3 text-[0.8125rem] font-medium whitespace-nowrap text-muted -outline-offset-2 hover:text-text aria-pressed:bg-raised aria-pressed:text-text"
            >
              {NAMES[each]}
              {query.data === undefined ? null : (
                <span className="tabular text-xs font-normal">{count(query.data.counts[each])}</span>
              )}
            </button>
          ))}
        </fieldset>
        <ListState query={query}>
          {({ items, clearSince }) =>
            items.length === 0 ? (
              <Empty show={show} clearSince={clearSince} />
            ) : (
              <ul className="divide-y divide-line">
                {items.map((alert) => (
                  <AlertItem key={String(alert.id)} alert={alert} />
                ))}
              </ul>
            )
          }
        </ListState>
      </Card>
    </>
  )
}

function Empty({ show, clearSince }: { show: (typeof SHOWS)[number]; clearSince: Date | null }) {
  if (show === 'open') return <AllClear since={clearSince} />
  if (show === 'quiet') {
    return (
      <Notice
        icon={<BellOff />}
        title="Nothing is snoozed or dismissed"
        text="What you snooze or dismiss stays here until its cause is gone. It opens again when it gets worse."
      />
    )
  }
  return (
    <Notice icon={<History />} title="Nothing is over yet" text="What was over within 90 days stays here." />
  )
}
