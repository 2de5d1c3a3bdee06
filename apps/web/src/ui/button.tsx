import { cva, type VariantProps } from 'class-variance-authority'
import Link from 'next/link'
import type { ComponentProps } from 'react'
import { cn } from '../lib/cn.ts'

const button = cva(
  'inline-flex shrink-0 items-center justify-center gap-2 rounded-lg font-medium whitespace-nowrap transition-colors select-none disabled:cursor-not-allowed disabled:opacity-55 aria-disabled:opacity-55 [&_svg]:size-4 [&_svg]:shrink-0',
  {
    variants: {
      look: {
        primary: 'bg-accent text-on-accent shadow-card hover:bg-accent-hover',
        plain: 'border border-line-strong bg-surface text-text shadow-card hover:bg-raised',
        quiet: 'text-soft hover:bg-raised hover:text-text',
        danger: 'border border-line-strong bg-surface text-bad shadow-card hover:bg-bad-soft',
      },
      size: {
        small: 'h-8 px-3 text-[0.8125rem]',
        normal: 'h-9 px-3.5 text-sm',
        large: 'h-11 px-5 text-[0.9375rem]',
        icon: 'size-9',
      },
    },
    defaultVariants: { look: 'plain', size: 'normal' },
  },
)

type Look = VariantProps<typeof button>

export function Button({ look, size, className, type = 'button', ...rest }: ComponentProps<'button'> & Look) {
  return <button type={type} className={cn(button({ look, size }), className)} {...rest} />
}

export function LinkButton({ look, size, className, ...rest }: ComponentProps<typeof Link> & Look) {
  return <Link className={cn(button({ look, size }), className)} {...rest} />
}
