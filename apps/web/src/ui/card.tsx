import type { ComponentProps, ReactNode } from 'react'
import { cn } from '../lib/cn.ts'

export function Card({ className, ...rest }: ComponentProps<'section'>) {
  return (
    <section
      className={cn('min-w-0 rounded-card border border-line bg-surface shadow-card', className)}
      {...rest}
    />
  )
}

/** Title line of a card: what it is, one sentence about it, and what can be done. */
export function CardHeader({
  title,
  about,
  action,
  level: Level = 'h2',
}: {
  title: ReactNode
  about?: ReactNode
  action?: ReactNode
  level?: 'h2' | 'h3'
}) {
  return (
    <div className="flex flex-wrap items-start justify-between gap-x-4 gap-y-2 border-b border-line px-4 py-3.5 sm:px-5">
      <div className="min-w-0">
        <Level className="text-[0.9375rem] font-semibold">{title}</Level>
        {about === undefined ? null : <p className="mt-0.5 text-[0.8125rem] text-muted">{about}</p>}
      </div>
      {action === undefined ? null : <div className="-my-1 flex items-center gap-2">{action}</div>}
    </div>
  )
}

export function CardBody({ className, ...rest }: ComponentProps<'div'>) {
  return <div className={cn('px-4 py-4 sm:px-5', className)} {...rest} />
}
