'use client'

import { X } from 'lucide-react'
import { Dialog as Radix } from 'radix-ui'
import type { ReactNode } from 'react'
import { cn } from '../lib/cn.ts'

export function Dialog({
  open,
  onOpenChange,
  title,
  about,
  children,
  trigger,
  wide,
}: {
  open?: boolean
  onOpenChange?: (open: boolean) => void
  title: ReactNode
  about?: ReactNode
  children: ReactNode
  trigger?: ReactNode
  wide?: boolean
}) {
  return (
    <Radix.Root
      {...(open === undefined ? {} : { open })}
      {...(onOpenChange === undefined ? {} : { onOpenChange })}
    >
      {trigger === undefined ? null : <Radix.Trigger asChild>{trigger}</Radix.Trigger>}
      <Radix.Portal>
        <Radix.Overlay className="fixed inset-0 z-40 bg-[oklch(0.15_0.01_250/0.45)] backdrop-blur-[2px]" />
        <Radix.Content
          {...(about === undefined ? { 'aria-describedby': undefined } : {})}
          className={cn(
            'fixed inset-x-3 bottom-3 z-50 max-h-[calc(100dvh-1.5rem)] overflow-y-auto rounded-2xl border border-line bg-surface p-5 shadow-lift motion-safe:animate-rise sm:inset-x-auto sm:top-1/2 sm:bottom-auto sm:left-1/2 sm:w-full sm:-translate-x-1/2 sm:-translate-y-1/2 sm:p-6',
            wide ? 'sm:max-w-2xl' : 'sm:max-w-md',
          )}
        >
          <Radix.Title className="pr-8 text-base font-semibold">{title}</Radix.Title>
          {about === undefined ? null : (
            <Radix.Description className="mt-1 text-[0.8125rem] text-muted">{about}</Radix.Description>
          )}
          <div className="mt-4">{children}</div>
          <Radix.Close
            aria-label="Close"
            className="absolute top-4 right-4 grid size-8 place-items-center rounded-lg text-muted hover:bg-raised hover:text-text"
          >
            <X className="size-4" aria-hidden />
          </Radix.Close>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  )
}
