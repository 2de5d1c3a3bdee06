'use client'

import { CloudOff, Inbox, RotateCw, SearchX, TriangleAlert } from 'lucide-react'
import type { ReactNode } from 'react'
import { errorText } from '../lib/error-text.ts'
import { clockTime } from '../lib/times.ts'
import { Button } from './button.tsx'
import { Notice } from './notice.tsx'
import { SkeletonRows } from './skeleton.tsx'

interface Query<T> {
  data: T | undefined
  error: unknown
  isPending: boolean
  isFetching: boolean
  dataUpdatedAt: number
  refetch: () => unknown
}

/**
 * The five states of every list and panel, in one place: loading, none yet (with the next step), none matching, failed (with
 * retry), and stale: what was last known, greyed, with its time.
 */
export function ListState<T>({
  query,
  isEmpty,
  none,
  filtered,
  rows = 4,
  children,
}: {
  query: Query<T>
  isEmpty?: (data: T) => boolean
  none?: { title: string; text?: ReactNode; action?: ReactNode }
  /** Set while filters are on: an empty list then means that nothing matches. */
  filtered?: { clear: () => void; text?: string } | undefined
  rows?: number
  children: (data: T) => ReactNode
}) {
  const { data, error } = query
  if (data === undefined) {
    if (error !== null) return <Failed error={error} retry={query.refetch} busy={query.isFetching} />
    return <SkeletonRows rows={rows} />
  }
  if (isEmpty?.(data) && error === null) {
    if (filtered !== undefined) {
      return (
        <Notice icon={<SearchX />} title="Nothing matches" text={filtered.text ?? 'Try fewer filters.'}>
          <Button onClick={filtered.clear}>Clear filters</Button>
        </Notice>
      )
    }
    if (none !== undefined) {
      return (
        <Notice icon={<Inbox />} title={none.title} text={none.text}>
          {none.action}
        </Notice>
      )
    }
  }
  if (error === null) return children(data)
  return (
    <div>
      <p
        role="status"
        className="flex flex-wrap items-center gap-2 border-b border-line bg-warn-soft px-4 py-2 text-xs text-warn sm:px-5"
      >
        <CloudOff className="size-3.5" aria-hidden />
        As of {clockTime(query.dataUpdatedAt)}: {errorText(error).message}
        <button type="button" onClick={() => query.refetch()} className="font-medium underline">
          Try again
        </button>
      </p>
      <div className="grayscale">{children(data)}</div>
    </div>
  )
}

export function Failed({ error, retry, busy }: { error: unknown; retry?: () => unknown; busy?: boolean }) {
  const { message, hint, code } = errorText(error)
  return (
    <Notice icon={<TriangleAlert />} tone="bad" title={message} text={hint} role="alert">
      {retry === undefined ? null : (
        <Button onClick={() => retry()} disabled={busy}>
          <RotateCw aria-hidden /> {busy ? 'Trying…' : 'Try again'}
        </Button>
      )}
      {code === null ? null : <span className="font-mono text-2xs text-muted">{code}</span>}
    </Notice>
  )
}
