import type { ComponentProps, ReactNode } from 'react'
import { cn } from '../lib/cn.ts'

const CONTROL =
  'h-9 w-full rounded-lg border border-line-strong bg-surface px-3 text-sm text-text shadow-card placeholder:text-muted disabled:opacity-60 aria-invalid:border-bad'

/** Label, control, and one line below it: the hint, or what is wrong. `id` binds the three. */
export function Field({
  id,
  label,
  hint,
  error,
  aside,
  children,
  className,
}: {
  id: string
  label: ReactNode
  hint?: ReactNode
  error?: ReactNode
  aside?: ReactNode
  children: ReactNode
  className?: string
}) {
  return (
    <div className={cn('min-w-0', className)}>
      <div className="mb-1.5 flex items-baseline justify-between gap-3">
        <label htmlFor={id} className="text-[0.8125rem] font-medium">
          {label}
        </label>
        {aside === undefined ? null : <span className="text-xs text-muted">{aside}</span>}
      </div>
      {children}
      {error ? (
        <p id={`${id}-hint`} role="alert" className="mt-1.5 text-xs text-bad">
          {error}
        </p>
      ) : hint ? (
        <p id={`${id}-hint`} className="mt-1.5 text-xs text-muted">
          {hint}
        </p>
      ) : null}
    </div>
  )
}

export function Input({ className, id, ...rest }: ComponentProps<'input'>) {
  return <input id={id} aria-describedby={id && `${id}-hint`} className={cn(CONTROL, className)} {...rest} />
}

export function Select({ className, id, ...rest }: ComponentProps<'select'>) {
  return (
    <select
      id={id}
      aria-describedby={id && `${id}-hint`}
      className={cn(CONTROL, 'pr-8', className)}
      {...rest}
    />
  )
}

/** Several lines. */
export function Textarea({ className, id, ...rest }: ComponentProps<'textarea'>) {
  return (
    <textarea
      id={id}
      aria-describedby={id && `${id}-hint`}
      className={cn(CONTROL, 'h-auto py-2 font-mono text-[0.8125rem] leading-5', className)}
      {...rest}
    />
  )
}

/** An input with its unit behind it. */
export function UnitInput({ unit, className, ...rest }: ComponentProps<'input'> & { unit: string }) {
  return (
    <div className={cn('relative', className)}>
      <Input inputMode="decimal" className={cn('tabular', unit.length > 6 ? 'pr-24' : 'pr-16')} {...rest} />
      <span className="pointer-events-none absolute inset-y-0 right-3 flex items-center text-xs text-muted">
        {unit}
      </span>
    </div>
  )
}
