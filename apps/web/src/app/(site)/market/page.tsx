import { Inbox, SearchX } from 'lucide-react'
import type { Metadata } from 'next'
import { BillComparison } from '../../../features/market/bill-comparison.tsx'
import { billLines } from '../../../features/market/bill-rows.ts'
import { BillTable } from '../../../features/market/bill-table.tsx'
import { MarketFilters } from '../../../features/market/market-filters.tsx'
import { DEFAULT_SEARCH, marketHref, readSearch } from '../../../features/market/market-search.ts'
import { PriceHistogram } from '../../../features/market/price-histogram.tsx'
import { Problem } from '../../../features/site/problem.tsx'
import { Refresher } from '../../../features/site/refresher.tsx'
import { count } from '../../../lib/amounts.ts'
import { attempt, serverApi } from '../../../lib/server-api.ts'
import { LinkButton } from '../../../ui/button.tsx'
import { Card, CardHeader } from '../../../ui/card.tsx'
import { Notice } from '../../../ui/notice.tsx'
import { PageHeader } from '../../../ui/page.tsx'

export const metadata: Metadata = { title: 'Market' }

export default async function MarketPage({
  searchParams,
}: {
  searchParams: Promise<Record<string, string | string[] | undefined>>
}) {
  const search = readSearch(await searchParams)
  const api = await serverApi()
  const { data, error } = await attempt(api.market.bills({ openOnly: true, limit: 200 }))
  const header = (
    <PageHeader
      title="Market"
      about="Every open bill, straight from the chain. Say what you need and see what each would cost you."
    />
  )
  if (data === null) {
    return (
      <div className="py-8">
        {header}
        <Problem error={error} again={marketHref(search)} />
      </div>
    )
  }
  const lines = billLines(data.items, search)
  const compared = lines.filter(({ bill }) => search.compare.includes(bill.billId))
  const filtered = search.maxPrice !== '' || search.minPledge > 0
  return (
    <div className="py-8">
      <Refresher seconds={15} />
      {header}
      <div className="mb-4 grid gap-4 md:grid-cols-[1fr_1.2fr]">
        <MarketFilters search={search} />
        {data.items.length === 0 ? null : <PriceHistogram bills={data.items} />}
      </div>
      {compared.length === 0 ? null : <BillComparison lines={compared} search={search} />}
      <Card>
        <CardHeader
          title={`${count(lines.length)} open ${lines.length === 1 ? 'bill' : 'bills'}`}
          about={filtered ? `of ${count(data.total)} on the market` : 'the cheapest for your wish first'}
          action={
            filtered ? (
              <LinkButton
                size="small"
                look="quiet"
                href={marketHref(search, { maxPrice: '', minPledge: DEFAULT_SEARCH.minPledge })}
              >
                Clear filters
              </LinkButton>
            ) : null
          }
        />
        {lines.length > 0 ? (
          <BillTable lines={lines} search={search} />
        ) : data.items.length > 0 ? (
          <Notice icon={<SearchX />} title="Nothing matches" text={loosen(data.items, search.maxPrice)}>
            <LinkButton href={marketHref(search, { maxPrice: '', minPledge: 0 })}>Clear filters</LinkButton>
          </Notice>
        ) : (
          <Notice
            icon={<Inbox />}
            title="No open bills yet"
            text="A bill appears here as soon as a miner offers space. You can be the first."
          >
            <LinkButton href="/m" prefetch={false}>
              Offer space
            </LinkButton>
          </Notice>
        )}
      </Card>
    </div>
  )
}

function loosen(bills: { price: bigint }[], maxPrice: string): string {
  if (maxPrice === '') return `${bills.length} bills pledge less.`
  return `${bills.length} ${bills.length === 1 ? 'bill costs' : 'bills cost'} more, or pledge less.`
}
