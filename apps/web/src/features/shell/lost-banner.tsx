'use client'

import { CloudOff } from 'lucide-react'
import type { ReactNode } from 'react'
import { useLostSince } from '../../lib/live.tsx'
import { clockTime } from '../../lib/times.ts'

/** Connection lost: everything stays in sight, greyed, with the time from which it is. */
export function LostBanner() {
  const since = useLostSince()
  return (
    <div role="status" aria-live="polite">
      {since === null ? null : (
        <p className="flex items-center justify-center gap-2 border-b border-line bg-warn-soft px-4 py-2 text-[0.8125rem] font-medium text-warn">
          <CloudOff className="size-4 shrink-0" aria-hidden />
          As of {clockTime(since)}: the dashboard is out of reach, reconnecting. Your agents go on without it.
        </p>
      )}
    </div>
  )
}

export function Fading({ children }: { children: ReactNode }) {
  const lost = useLostSince() !== null
  return (
    <div className={lost ? 'opacity-60 grayscale transition-opacity' : 'transition-opacity'}>{children}</div>
  )
}
