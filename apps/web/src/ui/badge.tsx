import {
  CircleAlert,
  CircleCheck,
  CircleDashed,
  CircleDot,
  CircleSlash,
  Info,
  type LucideIcon,
  TriangleAlert,
} from 'lucide-react'
import type { ReactNode } from 'react'
import { cn } from '../lib/cn.ts'
import type { Tone } from './tone.ts'

export type { Tone }

const LOOKS: Record<Tone, { classes: string; Icon: LucideIcon }> = {
  ok: { classes: 'bg-ok-soft text-ok', Icon: CircleCheck },
  warn: { classes: 'bg-warn-soft text-warn', Icon: TriangleAlert },
  bad: { classes: 'bg-bad-soft text-bad', Icon: CircleAlert },
  info: { classes: 'bg-info-soft text-info', Icon: Info },
  busy: { classes: 'bg-info-soft text-info', Icon: CircleDot },
  off: { classes: 'bg-raised text-soft', Icon: CircleSlash },
  plain: { classes: 'bg-raised text-soft', Icon: CircleDashed },
}

/** A state as icon and word: never by colour alone. */
export function Badge({
  tone = 'plain',
  icon = true,
  children,
  className,
}: {
  tone?: Tone
  icon?: boolean
  children: ReactNode
  className?: string
}) {
  const { classes, Icon } = LOOKS[tone]
  return (
    <span
      className={cn(
        'inline-flex items-center gap-1.5 rounded-md px-2 py-0.5 text-xs font-medium whitespace-nowrap',
        classes,
        className,
      )}
    >
      {icon ? <Icon className="size-3.5 shrink-0" aria-hidden /> : null}
      {children}
    </span>
  )
}
