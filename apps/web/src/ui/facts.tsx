import type { ReactNode } from 'react'
import { cn } from '../lib/cn.ts'

/** Label and text, one pair a line; null values are left out. */
export function Facts({
  items,
  className,
}: {
  items: ([label: string, value: ReactNode] | null)[]
  className?: string
}) {
  return (
    <dl className={cn('divide-y divide-line text-[0.8125rem]', className)}>
      {items
        .filter((item) => item !== null)
        .map(([label, value]) => (
          <div key={label} className="flex items-baseline justify-between gap-4 py-2.5">
            <dt className="shrink-0 text-muted">{label}</dt>
            <dd className="tabular min-w-0 text-right [overflow-wrap:anywhere]">{value}</dd>
          </div>
        ))}
    </dl>
  )
}
