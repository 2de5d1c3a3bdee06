'use client'

import { CloudOff, LogIn } from 'lucide-react'
import { usePathname, useSearchParams } from 'next/navigation'
import type { ReactNode } from 'react'
import { useLostSince } from '../../lib/live.tsx'
import { useSessionEnded } from '../../lib/session.tsx'
import { clockTime } from '../../lib/times.ts'

const LINE =
  'flex flex-wrap items-center justify-center gap-2 border-b border-line bg-warn-soft px-4 py-2 text-[0.8125rem] font-medium text-warn'

/** Connection lost, or session ended: everything stays in sight, greyed, with the time from which it is and the way on. */
export function LostBanner() {
  const since = useLostSince()
  const ended = useSessionEnded()
  return (
    <div role="status" aria-live="polite">
      {ended ? <SessionEnded /> : since === null ? null : <Unreachable since={since} />}
    </div>
  )
}

function Unreachable({ since }: { since: number }) {
  return (
    <p className={LINE}>
      <CloudOff className="size-4 shrink-0" aria-hidden />
      As of {clockTime(since)}: the dashboard is out of reach, reconnecting. Your agents go on without it.
    </p>
  )
}

/** After the sign-in one is back here. */
function SessionEnded() {
  const path = usePathname()
  const search = useSearchParams().toString()
  const here = search === '' ? path : `${path}?${search}`
  return (
    <p className={LINE}>
      <LogIn className="size-4 shrink-0" aria-hidden />
      You are not signed in any more. Nothing is lost; your agents go on.
      <a className="underline underline-offset-2" href={`/connect?next=${encodeURIComponent(here)}`}>
        Sign in again
      </a>
    </p>
  )
}

export function Fading({ children }: { children: ReactNode }) {
  const lost = useLostSince() !== null
  const ended = useSessionEnded()
  return <div className={lost || ended ? 'grayscale' : undefined}>{children}</div>
}
