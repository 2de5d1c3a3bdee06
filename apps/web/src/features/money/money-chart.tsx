'use client'

import { useQuery } from '@tanstack/react-query'
import { Download } from 'lucide-react'
import { useState } from 'react'
import { bare, dmc } from '../../lib/amounts.ts'
import { largest } from '../../lib/bigints.ts'
import { useTRPC, useTRPCClient } from '../../lib/trpc.ts'
import { Button } from '../../ui/button.tsx'
import { Card, CardBody, CardHeader } from '../../ui/card.tsx'
import { ListState } from '../../ui/list-state.tsx'
import { Cell, Head, HeadCell, Row, Table } from '../../ui/table.tsx'
import { type By, type Period, periodsOf, periodText, sumOf } from './periods.ts'

export interface Series {
  name: string
  /** Kinds of payment that it sums. */
  kinds: readonly string[]
  look: 'solid' | 'hatched' | 'outline'
}

const FILLS: Record<Series['look'], string> = {
  solid: 'bg-accent',
  hatched: 'strip-hatched text-info',
  outline: 'bg-warn',
}

/** Payments over time as bars, the same as a table, and all payments as a file. */
export function MoneyChart({
  title,
  about,
  series,
  fileName,
}: {
  title: string
  about: string
  series: readonly Series[]
  fileName: string
}) {
  const trpc = useTRPC()
  const [by, setBy] = useState<By>('week')
  const query = useQuery(trpc.money.overTime.queryOptions({ by }))
  const kinds = series.flatMap((each) => each.kinds)
  return (
    <Card aria-label={title}>
      <CardHeader
        title={title}
        about={about}
        action={
          <>
            {(['week', 'month'] as const).map((each) => (
              <Button
                key={each}
                size="small"
                look={by === each ? 'plain' : 'quiet'}
                aria-pressed={by === each}
                onClick={() => setBy(each)}
              >
                By {each}
              </Button>
            ))}
            <ExportPayments fileName={fileName} />
          </>
        }
      />
      <ListState
        query={query}
        isEmpty={(rows) => !rows.some((row) => kinds.includes(row.kind))}
        none={{ title: 'Nothing yet', text: 'The first payment draws the first bar.' }}
        rows={3}
      >
        {(rows) => {
          const periods = periodsOf(
            rows.filter((row) => kinds.includes(row.kind)),
            { by, now: Date.now() / 1000, most: 26 },
          )
          return (
            <CardBody className="grid gap-3">
              <Bars periods={periods} series={series} by={by} />
              <ul className="flex flex-wrap gap-x-4 gap-y-1 text-xs text-muted">
                {series.map((each) => (
                  <li key={each.name} className="flex items-center gap-1.5">
                    <span aria-hidden className={`size-2.5 rounded-[2px] ${FILLS[each.look]}`} />
                    {each.name}
                  </li>
                ))}
              </ul>
              <details className="min-w-0 text-[0.8125rem]">
                <summary className="w-fit rounded font-medium">As a table</summary>
                <div className="mt-2 -mx-4 sm:-mx-5">
                  <Table label={`${title}, by ${by}`}>
                    <Head>
                      <HeadCell>{by === 'week' ? 'Week from' : 'Month'}</HeadCell>
                      {series.map((each) => (
                        <HeadCell key={each.name} align="right">
                          {each.name}
                        </HeadCell>
                      ))}
                    </Head>
                    <tbody>
                      {[...periods].reverse().map((period) => (
                        <Row key={period.from}>
                          <Cell>{periodText(period.from, by)}</Cell>
                          {series.map((each) => (
                            <Cell key={each.name} align="right">
                              {dmc(sumOf(period, each.kinds), 6)}
                            </Cell>
                          ))}
                        </Row>
                      ))}
                    </tbody>
                  </Table>
                </div>
              </details>
            </CardBody>
          )
        }}
      </ListState>
    </Card>
  )
}

/** One group of bars for each period, all by the same measure. */
function Bars({ periods, series, by }: { periods: readonly Period[]; series: readonly Series[]; by: By }) {
  const most = largest([0n, ...periods.flatMap((period) => series.map((each) => sumOf(period, each.kinds)))])
  const share = (amount: bigint) => (most === 0n ? 0 : Number((amount * 1_000n) / most) / 10)
  const label = `${periods.length} ${by === 'week' ? 'weeks' : 'months'}: ${series
    .map(
      (each) =>
        `${each.name.toLowerCase()} ${dmc(periods.reduce((sum, period) => sum + sumOf(period, each.kinds), 0n))}`,
    )
    .join(', ')}`
  const [first, last] = [periods[0], periods.at(-1)]
  return (
    <div>
      <p className="tabular mb-1 text-xs text-muted">{bare(most)} DMC</p>
      <div
        role="img"
        aria-label={label}
        className="flex h-40 items-end gap-1 border-t border-b border-line sm:gap-2"
      >
        {periods.map((period) => (
          <div
            key={period.from}
            title={`${periodText(period.from, by)}: ${series.map((each) => `${each.name.toLowerCase()} ${dmc(sumOf(period, each.kinds))}`).join(', ')}`}
            className="flex h-full min-w-0 max-w-24 flex-1 items-end justify-center gap-px"
          >
            {series.map((each) => {
              const amount = sumOf(period, each.kinds)
              return (
                <span
                  key={each.name}
                  className={`min-w-0 flex-1 rounded-t-[2px] ${FILLS[each.look]}`}
                  style={{ height: `${share(amount)}%`, minHeight: amount === 0n ? 0 : 2 }}
                />
              )
            })}
          </div>
        ))}
      </div>
      <p className="tabular mt-1 flex justify-between text-xs text-muted">
        <span>{first === undefined ? '' : periodText(first.from, by)}</span>
        <span>{last === undefined || last === first ? '' : periodText(last.from, by)}</span>
      </p>
    </div>
  )
}

/** Every payment of this wallet as a CSV file. */
function ExportPayments({ fileName }: { fileName: string }) {
  const api = useTRPCClient()
  const [state, setState] = useState<'idle' | 'busy' | 'failed'>('idle')
  const save = async () => {
    setState('busy')
    try {
      const { exportPayments } = await import('./export-payments.ts')
      await exportPayments(api, fileName)
      setState('idle')
    } catch {
      setState('failed')
    }
  }
  return (
    <Button size="small" disabled={state === 'busy'} onClick={save}>
      <Download aria-hidden />
      {state === 'busy' ? 'Reading…' : state === 'failed' ? 'Failed: try again' : 'CSV'}
      <span className="sr-only"> of all payments</span>
    </Button>
  )
}
