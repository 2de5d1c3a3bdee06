'use client'

import { CircleAlert, CircleCheck, TriangleAlert } from 'lucide-react'
import Link from 'next/link'
import { Notice } from '../../ui/notice.tsx'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { When } from '../../ui/when.tsx'
import { useAttention } from './use-attention.ts'

/** What needs the person, with the way out; or that nothing does. */
export function AttentionList({ most }: { most?: number }) {
  const { items, known } = useAttention()
  if (!known) return <SkeletonRows rows={2} />
  if (items.length === 0)
    return (
      <Notice icon={<CircleCheck />} title="All clear" text="Nothing needs you. You would be told here." />
    )
  return (
    <ul className="divide-y divide-line">
      {items.slice(0, most ?? items.length).map((item) => {
        const bad = item.level === 'error'
        const Icon = bad ? CircleAlert : TriangleAlert
        return (
          <li key={item.key}>
            <Link href={item.href} className="flex gap-3 px-5 py-3.5 -outline-offset-2 hover:bg-raised/60">
              <Icon className={`mt-0.5 size-4 shrink-0 ${bad ? 'text-bad' : 'text-warn'}`} aria-hidden />
              <span className="min-w-0 flex-1 [overflow-wrap:anywhere]">
                <span className="block text-[0.8125rem] font-medium">
                  <span className="sr-only">{bad ? 'Urgent: ' : 'Warning: '}</span>
                  {item.title}
                </span>
                <span className="block text-xs text-muted">{item.text}</span>
              </span>
              {item.deadline === null ? null : (
                <span className="text-xs text-muted">
                  <When at={item.deadline} />
                </span>
              )}
            </Link>
          </li>
        )
      })}
    </ul>
  )
}
