import type { AlertLevel } from '@dmc/core/alerts/kinds'
import { CircleAlert, Info, type LucideIcon, TriangleAlert } from 'lucide-react'

/** How bad it is: icon, word and colour, never the colour alone. */
export const LEVELS: Record<
  AlertLevel,
  { name: string; tone: 'bad' | 'warn' | 'info'; text: string; soft: string; Icon: LucideIcon }
> = {
  error: { name: 'Urgent', tone: 'bad', text: 'text-bad', soft: 'bg-bad-soft', Icon: CircleAlert },
  warning: { name: 'Warning', tone: 'warn', text: 'text-warn', soft: 'bg-warn-soft', Icon: TriangleAlert },
  info: { name: 'Note', tone: 'info', text: 'text-info', soft: 'bg-info-soft', Icon: Info },
}
