'use client'

import { formatTime } from '@dmc/core/units/format-time'
import { useEffect, useState } from 'react'
import { relativeTime } from '../lib/times.ts'

/** A chain or wall-clock time (unix seconds): relative for reading, absolute in the title; the server writes the absolute one. */
export function When({ at, absolute = false }: { at: number | bigint; absolute?: boolean }) {
  const seconds = Number(at)
  const [now, setNow] = useState<number | null>(null)
  useEffect(() => {
    setNow(Date.now() / 1000)
    const timer = setInterval(() => setNow(Date.now() / 1000), 15_000)
    return () => clearInterval(timer)
  }, [])
  const full = formatTime(seconds)
  return (
    <time dateTime={new Date(seconds * 1000).toISOString()} title={full} className="tabular">
      {absolute || now === null ? full.replace(' UTC', '').slice(0, 16) : relativeTime(seconds, now)}
    </time>
  )
}
