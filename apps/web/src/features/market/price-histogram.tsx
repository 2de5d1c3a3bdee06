import { bare, count, space } from '../../lib/amounts.ts'
import { largest, smallest } from '../../lib/bigints.ts'
import type { Bill } from './bill-rows.ts'

const BARS = 16

/** Where prices lie: free space of open bills by price; a table says the same to those who can't see it. */
export function PriceHistogram({ bills }: { bills: readonly Bill[] }) {
  const prices = bills.map((bill) => bill.price)
  const low = smallest(prices)
  const high = largest(prices)
  const bars = low === high ? 1 : BARS
  const width = (high - low) / BigInt(bars) + 1n
  const bins = Array.from({ length: bars }, (_, i) => ({
    from: low + width * BigInt(i),
    to: i === bars - 1 ? high : low + width * BigInt(i + 1) - 1n,
    bills: 0,
    free: 0n,
  }))
  for (const bill of bills) {
    const bin = bins[Number((bill.price - low) / width)]
    if (bin === undefined) continue
    bin.bills += 1
    bin.free += bill.free
  }
  const most = largest(
    bins.map((bin) => bin.free),
    1n,
  )
  return (
    <figure className="rounded-card border border-line bg-surface px-5 py-4 shadow-card">
      <figcaption className="mb-3 flex items-baseline justify-between gap-3">
        <span className="text-[0.8125rem] font-medium">Free space by price</span>
        <span className="text-xs text-muted">DMC per GiB-week</span>
      </figcaption>
      <div aria-hidden className="flex h-24 items-end gap-1">
        {bins.map((bin) => (
          <div
            key={String(bin.from)}
            title={`${bare(bin.from)} to ${bare(bin.to)} DMC: ${bin.bills} bills, ${space(bin.free)}`}
            className="min-h-px flex-1 rounded-t-[3px] bg-accent/75 transition-colors hover:bg-accent"
            style={{ height: `${Math.max(bin.free === 0n ? 0 : 4, Number((bin.free * 100n) / most))}%` }}
          />
        ))}
      </div>
      <div
        aria-hidden
        className="tabular mt-1.5 flex justify-between border-t border-line pt-1.5 text-xs text-muted"
      >
        <span>{bare(low)}</span>
        {low === high ? null : <span>{bare(high)}</span>}
      </div>
      <table className="sr-only">
        <caption>Free space by price</caption>
        <thead>
          <tr>
            <th scope="col">Price, DMC per GiB-week</th>
            <th scope="col">Bills</th>
            <th scope="col">Free</th>
          </tr>
        </thead>
        <tbody>
          {bins
            .filter((bin) => bin.bills > 0)
            .map((bin) => (
              <tr key={String(bin.from)}>
                <td>{`${bare(bin.from)} to ${bare(bin.to)}`}</td>
                <td>{count(bin.bills)}</td>
                <td>{space(bin.free)}</td>
              </tr>
            ))}
        </tbody>
      </table>
    </figure>
  )
}
