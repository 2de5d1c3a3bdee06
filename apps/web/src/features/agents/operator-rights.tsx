import { Check, X } from 'lucide-react'

/** What an agent's key may do for its wallet, and what it never can; as the Market enforces it. */
export function OperatorRights({ miner }: { miner: boolean }) {
  const may = miner
    ? [
        'state the commitment of stored data',
        'refuse an order, publish its address',
        'answer challenges (anyone may)',
      ]
    : ['state the commitment of your data', 'challenge a miner from the order’s reserve']
  const never = ['move, receive or withdraw your tokens', 'place orders or bills', 'change who is paid']
  return (
    <div className="grid gap-px overflow-hidden rounded-lg border border-line bg-line text-[0.8125rem] sm:grid-cols-2">
      <div className="bg-surface px-4 py-3">
        <p className="mb-1.5 font-medium">Its key may</p>
        <ul className="grid gap-1">
          {may.map((text) => (
            <li key={text} className="flex gap-2 text-muted">
              <Check className="mt-0.5 size-3.5 shrink-0 text-ok" aria-hidden />
              {text}
            </li>
          ))}
        </ul>
      </div>
      <div className="bg-surface px-4 py-3">
        <p className="mb-1.5 font-medium">It never can</p>
        <ul className="grid gap-1">
          {never.map((text) => (
            <li key={text} className="flex gap-2 text-muted">
              <X className="mt-0.5 size-3.5 shrink-0 text-bad" aria-hidden />
              {text}
            </li>
          ))}
        </ul>
      </div>
      <p className="bg-surface px-4 py-2.5 text-xs text-muted sm:col-span-2">
        You authorise it on chain together with the first {miner ? 'bill' : 'order'}, with an end date; you
        can revoke it at any time.
      </p>
    </div>
  )
}
