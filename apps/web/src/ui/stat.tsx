import type { ReactNode } from 'react'
import { cn } from '../lib/cn.ts'

/** Figures side by side: one label, one number, one line of context each. */
export function Stats({ children, className }: { children: ReactNode; className?: string }) {
  return (
    <dl
      className={cn(
        'grid grid-cols-2 overflow-hidden rounded-card border border-line bg-line shadow-card gap-px lg:grid-cols-4',
        className,
      )}
    >
      {children}
    </dl>
  )
}

export function Stat({ label, value, note }: { label: ReactNode; value: ReactNode; note?: ReactNode }) {
  return (
    <div className="min-w-0 bg-surface px-4 py-3.5 sm:px-5 sm:py-4">
      <dt className="text-xs text-muted">{label}</dt>
      <dd className="tabular clip-line mt-1 text-lg font-semibold tracking-tight sm:text-xl">{value}</dd>
      {note === undefined ? null : <dd className="mt-0.5 text-xs text-muted">{note}</dd>}
    </div>
  )
}
