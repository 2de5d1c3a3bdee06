'use client'

import Form from 'next/form'
import { useRef } from 'react'
import { Button } from '../../ui/button.tsx'
import { Field, UnitInput } from '../../ui/field.tsx'
import type { MarketSearch } from './market-search.ts'

/** The wish in the URL. Works without JavaScript as a plain form; with it, each change is applied by itself. */
export function MarketFilters({ search }: { search: MarketSearch }) {
  const form = useRef<HTMLFormElement>(null)
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  const apply = () => {
    clearTimeout(timer.current)
    timer.current = setTimeout(() => form.current?.requestSubmit(), 350)
  }
  return (
    <Form
      ref={form}
      action="/market"
      scroll={false}
      onChange={apply}
      className="rounded-card border border-line bg-surface p-5 shadow-card"
    >
      <fieldset className="grid grid-cols-2 gap-x-4 gap-y-4">
        <legend className="sr-only">What you need</legend>
        <Field id="gib" label="Space">
          <UnitInput id="gib" name="gib" unit="GiB" defaultValue={search.gib} required />
        </Field>
        <Field id="weeks" label="Term">
          <UnitInput
            id="weeks"
            name="weeks"
            unit="weeks"
            inputMode="numeric"
            defaultValue={search.weeks}
            required
          />
        </Field>
        <Field id="max" label="At most">
          <UnitInput id="max" name="max" unit="DMC/GiB-wk" placeholder="any" defaultValue={search.maxPrice} />
        </Field>
        <Field id="pledge" label="Pledge rate from">
          <UnitInput
            id="pledge"
            name="pledge"
            unit="× a week"
            inputMode="numeric"
            placeholder="any"
            defaultValue={search.minPledge || ''}
          />
        </Field>
      </fieldset>
      {search.sort === 'price' ? null : <input type="hidden" name="sort" value={search.sort} />}
      {search.down ? <input type="hidden" name="dir" value="down" /> : null}
      {search.compare.length === 0 ? null : (
        <input type="hidden" name="compare" value={search.compare.join(',')} />
      )}
      <noscript>
        <Button type="submit" className="mt-4">
          Apply
        </Button>
      </noscript>
    </Form>
  )
}
