'use client'

import Link from 'next/link'
import { ListState } from '../../ui/list-state.tsx'
import { When } from '../../ui/when.tsx'
import { AllClear } from '../alerts/all-clear.tsx'
import { LEVELS } from '../alerts/level.tsx'
import { useAttention } from './use-attention.ts'

/** What needs the person, with the way out; or that nothing does. */
export function AttentionList({ most }: { most: number }) {
  const { query, count } = useAttention()
  return (
    <ListState query={query} rows={2}>
      {({ items, clearSince }) =>
        items.length === 0 ? (
          <AllClear since={clearSince} />
        ) : (
          <>
            <ul className="divide-y divide-line">
              {items.slice(0, most).map((item) => {
                const { Icon, text, name } = LEVELS[item.level]
                return (
                  <li key={String(item.id)}>
                    <Link
                      href={item.href ?? '/alerts'}
                      className="flex gap-3 px-5 py-3.5 -outline-offset-2 hover:bg-raised/60"
                    >
                      <Icon className={`mt-0.5 size-4 shrink-0 ${text}`} aria-hidden />
                      <span className="min-w-0 flex-1 [overflow-wrap:anywhere]">
                        <span className="block text-[0.8125rem] font-medium">
                          <span className="sr-only">{name}: </span>
                          {item.message}
                        </span>
                        <span className="block text-xs text-muted">{item.hint}</span>
                      </span>
                      {item.deadline === null ? null : (
                        <span className="text-xs text-muted">
                          <When at={item.deadline.getTime() / 1000} />
                        </span>
                      )}
                    </Link>
                  </li>
                )
              })}
            </ul>
            {count <= most ? null : (
              <Link
                href="/alerts"
                className="block border-t border-line px-5 py-3 text-[0.8125rem] text-muted -outline-offset-2 hover:bg-raised/60 hover:text-text"
              >
                All {count} alerts
              </Link>
            )}
          </>
        )
      }
    </ListState>
  )
}
