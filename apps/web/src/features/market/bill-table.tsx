import { ArrowDown, ArrowUp, Plus, X } from 'lucide-react'
import Link from 'next/link'
import { bare, pay, space } from '../../lib/amounts.ts'
import { shortHex } from '../../lib/short-hex.ts'
import { Badge } from '../../ui/badge.tsx'
import { LinkButton } from '../../ui/button.tsx'
import { Cell, Head, HeadCell, Row, Table } from '../../ui/table.tsx'
import type { BillLine } from './bill-rows.ts'
import { type MarketSearch, MOST_COMPARED, marketHref, type SortKey } from './market-search.ts'

export function BillTable({ lines, search }: { lines: BillLine[]; search: MarketSearch }) {
  const wish = `${search.gib} GiB × ${search.weeks} wk`
  return (
    <Table label="Bills">
      <Head>
        <SortHead search={search} sort="bill" name="Bill" />
        <HeadCell>Miner</HeadCell>
        <HeadCell align="right">DMC / GiB-week</HeadCell>
        <SortHead search={search} sort="price" name={`Yours: ${wish}`} right />
        <SortHead search={search} sort="free" name="Free" right />
        <SortHead search={search} sort="weeks" name="Weeks" right />
        <SortHead search={search} sort="pledge" name="Pledge" right />
        <HeadCell align="right">
          <span className="sr-only">Compare and order</span>
        </HeadCell>
      </Head>
      <tbody>
        {lines.map(({ bill, total, whyNot }) => (
          <Row key={String(bill.billId)}>
            <Cell>
              <Link href={`/bills/${bill.billId}`} className="font-medium underline-offset-3 hover:underline">
                Bill {String(bill.billId)}
              </Link>
            </Cell>
            <Cell>
              <Link
                href={`/miners/${bill.miner}`}
                className="font-mono underline-offset-3 hover:underline"
                title={bill.miner}
              >
                {shortHex(bill.miner)}
              </Link>
            </Cell>
            <Cell align="right">{bare(bill.price, 6)}</Cell>
            <Cell align="right">
              {whyNot === '' ? (
                <span className="font-medium">{pay(total)}</span>
              ) : (
                <Badge tone="off">{whyNot}</Badge>
              )}
            </Cell>
            <Cell align="right">
              {space(bill.free)} <span className="text-muted">of {space(bill.capacity)}</span>
            </Cell>
            <Cell align="right">
              {bill.minWeeks}–{bill.maxWeeks}
            </Cell>
            <Cell align="right" title="The pledge is this many times a week’s price">
              {bill.pledgeRate}×
            </Cell>
            <Cell align="right">
              <span className="inline-flex items-center gap-1.5">
                <CompareLink search={search} billId={bill.billId} />
                <LinkButton size="small" href={`/u/sources/new?bill=${bill.billId}`} prefetch={false}>
                  Order
                  <span className="sr-only"> from bill {String(bill.billId)}</span>
                </LinkButton>
              </span>
            </Cell>
          </Row>
        ))}
      </tbody>
    </Table>
  )
}

function SortHead({
  search,
  sort,
  name,
  right,
}: {
  search: MarketSearch
  sort: SortKey
  name: string
  right?: boolean
}) {
  const on = search.sort === sort
  const Icon = search.down ? ArrowDown : ArrowUp
  return (
    <HeadCell
      align={right ? 'right' : 'left'}
      aria-sort={on ? (search.down ? 'descending' : 'ascending') : 'none'}
    >
      <Link
        href={marketHref(search, { sort, down: on ? !search.down : false })}
        scroll={false}
        className="inline-flex items-center gap-1 rounded hover:text-text"
      >
        {name}
        {on ? <Icon className="size-3.5" aria-hidden /> : null}
      </Link>
    </HeadCell>
  )
}

function CompareLink({ search, billId }: { search: MarketSearch; billId: bigint }) {
  const on = search.compare.includes(billId)
  if (!on && search.compare.length >= MOST_COMPARED) return null
  const compare = on ? search.compare.filter((id) => id !== billId) : [...search.compare, billId]
  return (
    <LinkButton look="quiet" size="small" href={marketHref(search, { compare })} scroll={false}>
      {on ? <X aria-hidden /> : <Plus aria-hidden />}
      {on ? 'Compared' : 'Compare'}
      <span className="sr-only"> bill {String(billId)}</span>
    </LinkButton>
  )
}
