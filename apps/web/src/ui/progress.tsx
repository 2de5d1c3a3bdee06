import { cn } from '../lib/cn.ts'

/** A bar with its words: how far, and of what. Unknown totals show a moving bar. */
export function Progress({
  value,
  label,
  className,
}: {
  /** 0 to 1; null while the total is unknown. */
  value: number | null
  label: string
  className?: string
}) {
  const percent = value === null ? null : Math.max(0, Math.min(100, Math.floor(value * 100)))
  return (
    <div
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      {...(percent === null ? {} : { 'aria-valuenow': percent })}
      className={cn('h-1.5 w-full overflow-hidden rounded-full bg-raised', className)}
    >
      <div
        className={cn(
          'h-full rounded-full bg-accent transition-[width] duration-300',
          percent === null && 'w-1/3 animate-pulse-soft',
        )}
        style={percent === null ? undefined : { width: `${percent}%` }}
      />
    </div>
  )
}
