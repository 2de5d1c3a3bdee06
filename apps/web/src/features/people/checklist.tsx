'use client'

import { Check } from 'lucide-react'
import Link from 'next/link'
import type { ReactNode } from 'react'
import { Card, CardHeader } from '../../ui/card.tsx'

export interface ChecklistStep {
  title: string
  text: ReactNode
  done: boolean
  href: string
  action: string
}

/** The way to the first success; gone when it is walked. */
export function Checklist({ title, steps }: { title: string; steps: ChecklistStep[] }) {
  const next = steps.findIndex((step) => !step.done)
  if (next === -1) return null
  return (
    <Card className="overflow-hidden">
      <CardHeader
        title={title}
        about={`${steps.filter((step) => step.done).length} of ${steps.length} done`}
      />
      <ol className="divide-y divide-line">
        {steps.map((step, i) => (
          <li
            key={step.title}
            className={`flex items-center gap-4 px-5 py-4 ${i === next ? 'bg-accent-soft/50' : ''}`}
          >
            <span
              aria-hidden
              className={`grid size-7 shrink-0 place-items-center rounded-full text-xs font-semibold ${step.done ? 'bg-ok-soft text-ok' : i === next ? 'bg-accent text-on-accent' : 'bg-raised text-muted'}`}
            >
              {step.done ? <Check className="size-4" /> : i + 1}
            </span>
            <div className="min-w-0 flex-1">
              <p className="font-medium">
                {step.title}
                {step.done ? <span className="sr-only"> (done)</span> : null}
              </p>
              <p className="text-[0.8125rem] text-muted">{step.text}</p>
            </div>
            {i === next ? (
              <Link
                href={step.href}
                className="inline-flex h-9 shrink-0 items-center rounded-lg bg-accent px-3.5 text-sm font-medium text-on-accent shadow-card hover:bg-accent-hover"
              >
                {step.action}
              </Link>
            ) : null}
          </li>
        ))}
      </ol>
    </Card>
  )
}
