import type { ComponentProps, ReactNode } from 'react'
import { cn } from '../lib/cn.ts'

/** Scrolls sideways in its own box on narrow screens; the box can take the keyboard's focus for that. */
export function Table({ label, className, ...rest }: ComponentProps<'table'> & { label: string }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
    <section aria-label={label} tabIndex={0} className="relative overflow-x-auto -outline-offset-2">
      <table className={cn('w-full border-collapse text-[0.8125rem]', className)} {...rest} />
    </section>
  )
}

export function Head({ children }: { children: ReactNode }) {
  return (
    <thead className="border-b border-line text-left">
      <tr>{children}</tr>
    </thead>
  )
}

export function HeadCell({ align, className, ...rest }: ComponentProps<'th'> & { align?: 'right' | 'left' }) {
  return (
    <th
      scope="col"
      className={cn(
        'h-10 px-3 text-xs font-medium whitespace-nowrap text-muted first:pl-4 last:pr-4 sm:first:pl-5 sm:last:pr-5',
        align === 'right' && 'text-right',
        className,
      )}
      {...rest}
    />
  )
}

export function Row({ className, ...rest }: ComponentProps<'tr'>) {
  return <tr className={cn('border-b border-line last:border-0 hover:bg-raised/60', className)} {...rest} />
}

export function Cell({ align, className, ...rest }: ComponentProps<'td'> & { align?: 'right' | 'left' }) {
  return (
    <td
      className={cn(
        'h-12 px-3 py-2 whitespace-nowrap first:pl-4 last:pr-4 sm:first:pl-5 sm:last:pr-5',
        align === 'right' && 'tabular text-right',
        className,
      )}
      {...rest}
    />
  )
}
