import { formatTime } from '@dmc/core/units/format-time'
import { bare, dmc, pay, space } from '../../lib/amounts.ts'
import { largest } from '../../lib/bigints.ts'
import { shortHex } from '../../lib/short-hex.ts'
import { LinkButton } from '../../ui/button.tsx'
import { Card, CardHeader } from '../../ui/card.tsx'
import { Table } from '../../ui/table.tsx'
import type { BillLine } from './bill-rows.ts'
import { type MarketSearch, marketHref } from './market-search.ts'

/** Up to four bills side by side, the better value of each line marked by word, not only by colour. */
export function BillComparison({ lines, search }: { lines: BillLine[]; search: MarketSearch }) {
  const rows: [name: string, text: (line: BillLine) => string, best: ((line: BillLine) => bigint) | null][] =
    [
      ['Miner', ({ bill }) => shortHex(bill.miner), null],
      ['DMC per GiB-week', ({ bill }) => bare(bill.price, 6), ({ bill }) => -bill.price],
      [`Cost of ${search.gib} GiB × ${search.weeks} weeks`, ({ total }) => pay(total), ({ total }) => -total],
      ['Pledge rate', ({ bill }) => `${bill.pledgeRate}×`, ({ bill }) => BigInt(bill.pledgeRate)],
      ['Pledged for yours', ({ bill, perWeek }) => dmc(perWeek * BigInt(bill.pledgeRate)), null],
      ['Free', ({ bill }) => space(bill.free), ({ bill }) => bill.free],
      ['Step', ({ bill }) => space(bill.step), ({ bill }) => -bill.step],
      ['Weeks', ({ bill }) => `${bill.minWeeks}–${bill.maxWeeks}`, null],
      ['Bond of a challenge', ({ bill }) => dmc(bill.bond), ({ bill }) => -bill.bond],
      ['Open until', ({ bill }) => formatTime(bill.expiresAt).slice(0, 10), null],
    ]
  return (
    <Card className="mb-4">
      <CardHeader
        title="Compared"
        action={
          <LinkButton look="quiet" size="small" href={marketHref(search, { compare: [] })} scroll={false}>
            Close
          </LinkButton>
        }
      />
      <Table label="Comparison of bills">
        <thead>
          <tr className="border-b border-line">
            <td className="h-10 px-5" />
            {lines.map(({ bill }) => (
              <th key={String(bill.billId)} scope="col" className="px-3 text-left font-medium">
                Bill {String(bill.billId)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(([name, text, best]) => {
            const values = best === null ? [] : lines.map(best)
            const top = largest(values.slice(1), values[0])
            const distinct = new Set(values).size > 1
            return (
              <tr key={name} className="border-b border-line last:border-0">
                <th scope="row" className="h-10 px-5 text-left font-normal whitespace-nowrap text-muted">
                  {name}
                </th>
                {lines.map((line) => {
                  const wins = distinct && best !== null && best(line) === top
                  return (
                    <td key={String(line.bill.billId)} className="tabular px-3 whitespace-nowrap">
                      <span className={wins ? 'font-medium text-accent-text' : ''}>{text(line)}</span>
                      {wins ? <span className="ml-1.5 text-xs text-muted">best</span> : null}
                    </td>
                  )
                })}
              </tr>
            )
          })}
        </tbody>
      </Table>
    </Card>
  )
}
