'use client'

import { wholeSteps } from '@dmc/core/market/capacity-for-source'
import { orderCost } from '@dmc/core/market/order-cost'
import { useState } from 'react'
import { pay, space, weeksText } from '../../lib/amounts.ts'
import { Field, UnitInput } from '../../ui/field.tsx'

/** What some space for some weeks costs on one bill, in whole steps, as it would be ordered. */
export function CostCalculator({
  price,
  step,
  minWeeks,
  maxWeeks,
  free,
}: {
  price: string
  step: string
  minWeeks: number
  maxWeeks: number
  free: string
}) {
  const [gib, setGib] = useState('10')
  const [weeks, setWeeks] = useState(String(Math.min(maxWeeks, Math.max(minWeeks, 24))))
  const wish = Number(gib)
  const term = Number(weeks)
  const valid = Number.isFinite(wish) && wish > 0 && wish < 4_000_000 && Number.isInteger(term) && term > 0
  const capacity = valid ? wholeSteps(BigInt(Math.ceil(wish * 1024)), BigInt(step)) : 0n
  const problem = !valid
    ? 'Write how many GiB, and whole weeks.'
    : term < minWeeks || term > maxWeeks
      ? `This bill takes ${minWeeks} to ${maxWeeks} weeks.`
      : capacity > BigInt(free)
        ? `Only ${space(BigInt(free))} are free.`
        : ''
  return (
    <div className="grid gap-4">
      <div className="grid grid-cols-2 gap-3">
        <Field id="calc-gib" label="Space">
          <UnitInput id="calc-gib" unit="GiB" value={gib} onChange={(e) => setGib(e.target.value)} />
        </Field>
        <Field id="calc-weeks" label="Term">
          <UnitInput
            id="calc-weeks"
            unit="weeks"
            inputMode="numeric"
            value={weeks}
            onChange={(e) => setWeeks(e.target.value)}
          />
        </Field>
      </div>
      <output className="block rounded-lg bg-raised px-4 py-3" htmlFor="calc-gib calc-weeks">
        {problem === '' ? (
          <>
            <span className="tabular block text-lg font-semibold">
              {pay(orderCost(BigInt(price), capacity, term))}
            </span>
            <span className="text-xs text-muted">
              {space(capacity)} in whole steps of {space(BigInt(step))}, for {weeksText(term)}
            </span>
          </>
        ) : (
          <span className="text-[0.8125rem] text-warn">{problem}</span>
        )}
      </output>
    </div>
  )
}
