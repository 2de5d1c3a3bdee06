'use client'

import { Bell } from 'lucide-react'
import Link from 'next/link'
import { useNotify } from '../alerts/use-notify.ts'
import { useAttention } from '../people/use-attention.ts'

export function AlertsBell() {
  const { count: open, items, known } = useAttention()
  useNotify(items, known)
  return (
    <Link
      href="/alerts"
      prefetch={false}
      aria-label={open === 0 ? 'Alerts: none' : `Alerts: ${open} open`}
      className="relative grid size-9 place-items-center rounded-lg text-muted hover:bg-raised hover:text-text"
    >
      <Bell className="size-4" aria-hidden />
      {open === 0 ? null : (
        <span className="absolute top-1 right-1 grid min-w-4 place-items-center rounded-full bg-bad px-1 text-[0.625rem] leading-4 font-semibold text-surface">
          {open > 99 ? '99+' : open}
        </span>
      )}
    </Link>
  )
}
