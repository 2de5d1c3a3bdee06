'use client'

import type { BillFit, BillMatch } from '@dmc/core/market/match-bill'
import { Sparkles } from 'lucide-react'
import { bare, dmc, pay, space } from '../../lib/amounts.ts'
import { shortHex } from '../../lib/short-hex.ts'
import { Badge } from '../../ui/badge.tsx'
import { LinkButton } from '../../ui/button.tsx'
import { Card, CardBody, CardHeader } from '../../ui/card.tsx'
import { Field, UnitInput } from '../../ui/field.tsx'
import { Failed } from '../../ui/list-state.tsx'

/** Where and for how long: the best bill is chosen already, with the reason; any other that fits is one click away. */
export function PickBill({
  query,
  match,
  fit,
  weeks,
  onWeeks,
  onPick,
  waiting,
}: {
  query: { error: unknown; retry: () => unknown }
  match: BillMatch | null
  fit: BillFit | null
  weeks: number
  onWeeks: (weeks: number) => void
  onPick: (billId: bigint) => void
  waiting: string | null
}) {
  return (
    <Card>
      <CardHeader
        title="2. Where, and for how long"
        about="The best bill is chosen for you; you can choose another."
      />
      <CardBody className="grid gap-4">
        <Field id="term" label="Term" hint="You can extend it later while the bill is open.">
          <UnitInput
            id="term"
            unit="weeks"
            type="number"
            inputMode="numeric"
            min={1}
            max={520}
            value={weeks}
            onChange={(event) =>
              onWeeks(Math.max(1, Math.min(520, Math.round(Number(event.target.value)) || 1)))
            }
            className="max-w-48"
          />
        </Field>
        {query.error !== null ? (
          <Failed error={query.error} retry={query.retry} />
        ) : waiting !== null ? (
          <p className="text-[0.8125rem] text-muted">{waiting}</p>
        ) : match === null ? (
          <p className="text-[0.8125rem] text-muted">Reading the market…</p>
        ) : match.best === null ? (
          <div role="alert" className="rounded-lg bg-warn-soft px-4 py-3 text-[0.8125rem] text-warn">
            <p className="font-medium">No bill fits.</p>
            <p>{match.reason}</p>
          </div>
        ) : (
          <>
            <p className="flex items-start gap-2 rounded-lg bg-accent-soft px-4 py-3 text-[0.8125rem] text-accent-text">
              <Sparkles className="mt-0.5 size-4 shrink-0" aria-hidden />
              {match.reason}
            </p>
            <fieldset className="grid max-h-80 gap-2 overflow-y-auto">
              <legend className="sr-only">Bill</legend>
              {match.fitting.map((each) => (
                <BillChoice
                  key={String(each.bill.billId)}
                  fit={each}
                  weeks={weeks}
                  best={each === match.best}
                  chosen={each.bill.billId === fit?.bill.billId}
                  onPick={onPick}
                />
              ))}
            </fieldset>
            {match.others.length === 0 ? null : (
              <details className="text-[0.8125rem] text-muted">
                <summary className="w-fit rounded">{match.others.length} that don’t fit, and why</summary>
                <ul className="mt-2 grid gap-1">
                  {match.others.slice(0, 20).map((other) => (
                    <li key={String(other.bill.billId)}>
                      Bill {String(other.bill.billId)}: {other.reasons.join('; ')}
                    </li>
                  ))}
                </ul>
              </details>
            )}
          </>
        )}
        <LinkButton look="quiet" size="small" href="/market" className="w-fit" prefetch={false}>
          Compare on the market
        </LinkButton>
      </CardBody>
    </Card>
  )
}

function BillChoice({
  fit,
  weeks,
  best,
  chosen,
  onPick,
}: {
  fit: BillFit
  weeks: number
  best: boolean
  chosen: boolean
  onPick: (billId: bigint) => void
}) {
  const { bill } = fit
  return (
    <label
      className={`flex cursor-pointer items-start gap-3 rounded-lg border px-4 py-3 text-[0.8125rem] transition-colors hover:bg-raised/60 ${chosen ? 'border-accent bg-accent-soft/40' : 'border-line'}`}
    >
      <input
        type="radio"
        name="bill"
        checked={chosen}
        onChange={() => onPick(bill.billId)}
        className="mt-1 accent-(--accent)"
      />
      <span className="min-w-0 flex-1">
        <span className="flex flex-wrap items-center gap-x-2 gap-y-1">
          <span className="font-medium">Bill {String(bill.billId)}</span>
          <span className="font-mono text-xs text-muted" title={bill.miner}>
            {shortHex(bill.miner)}
          </span>
          {best ? (
            <Badge tone="ok" icon={false}>
              Recommended
            </Badge>
          ) : null}
        </span>
        <span className="tabular block text-xs text-muted">
          {bare(bill.price, 6)} DMC per GiB-week · pledges {dmc(fit.weekPrice * BigInt(bill.pledgeRate))} ·{' '}
          {space(bill.free)} free
        </span>
      </span>
      <span className="tabular text-right">
        <span className="block font-medium">{pay(fit.weekPrice * BigInt(weeks))}</span>
        <span className="block text-xs text-muted">{pay(fit.weekPrice)} a week</span>
      </span>
    </label>
  )
}
