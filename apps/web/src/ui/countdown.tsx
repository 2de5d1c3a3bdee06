'use client'

import { formatDuration } from '@dmc/core/units/format-duration'
import { formatTime } from '@dmc/core/units/format-time'
import { useEffect, useState } from 'react'

/**
 * Time until a deadline of the chain, by the second in its last hour, with the absolute time beside it. A screen reader is told the
 * absolute time once and not each second.
 * @param at unix seconds
 * @param skew seconds by which the chain's clock is ahead of this machine's
 */
export function Countdown({
  at,
  over = 'over',
  skew = 0,
}: {
  at: number | bigint
  over?: string
  skew?: number
}) {
  const deadline = Number(at)
  const [now, setNow] = useState<number | null>(null)
  useEffect(() => {
    setNow(Date.now() / 1000)
    const timer = setInterval(() => setNow(Date.now() / 1000), 1_000)
    return () => clearInterval(timer)
  }, [])
  const absolute = formatTime(deadline)
  const left = now === null ? null : Math.ceil(deadline - now - skew)
  return (
    <time dateTime={new Date(deadline * 1000).toISOString()} className="tabular">
      {left === null ? null : (
        <span aria-hidden className="font-medium">
          {left <= 0 ? over : left < 3_600 ? clock(left) : formatDuration(left)}
          {' · '}
        </span>
      )}
      <span className="text-muted">{absolute}</span>
    </time>
  )
}

const clock = (seconds: number) => `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')} min`
