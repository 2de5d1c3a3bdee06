import { dmc } from '../../lib/amounts.ts'

/** Where the user's tokens of an order are: one bar, and the same as a list. */
export function MoneyFlow({
  parts,
}: {
  parts: { name: string; amount: bigint; shade: 'accent' | 'info' | 'warn' | 'off' }[]
}) {
  const total = parts.reduce((sum, part) => sum + part.amount, 0n)
  const fills = { accent: 'bg-accent', info: 'bg-info', warn: 'bg-warn', off: 'bg-line-strong' } as const
  return (
    <div>
      <div aria-hidden className="flex h-2.5 gap-0.5 overflow-hidden rounded-full bg-raised">
        {parts
          .filter((part) => part.amount > 0n)
          .map((part) => (
            <div
              key={part.name}
              className={fills[part.shade]}
              style={{ width: `${total === 0n ? 0 : Number((part.amount * 10_000n) / total) / 100}%` }}
            />
          ))}
      </div>
      <dl className="mt-3 grid grid-cols-2 gap-x-6 gap-y-3">
        {parts.map((part) => (
          <div key={part.name} className="min-w-0">
            <dt className="flex items-center gap-1.5 text-xs text-muted">
              <span aria-hidden className={`size-2 shrink-0 rounded-full ${fills[part.shade]}`} />
              {part.name}
            </dt>
            <dd className="tabular font-medium">{dmc(part.amount)}</dd>
          </div>
        ))}
      </dl>
    </div>
  )
}
