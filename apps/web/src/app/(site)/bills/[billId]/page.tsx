import { formatTime } from '@dmc/core/units/format-time'
import type { Metadata } from 'next'
import Link from 'next/link'
import { notFound } from 'next/navigation'
import { CostCalculator } from '../../../../features/market/cost-calculator.tsx'
import { EventList } from '../../../../features/market/event-list.tsx'
import { OrderTable } from '../../../../features/market/order-table.tsx'
import { Problem } from '../../../../features/site/problem.tsx'
import { Refresher } from '../../../../features/site/refresher.tsx'
import { bare, dmc, space } from '../../../../lib/amounts.ts'
import { readId } from '../../../../lib/read-id.ts'
import { attempt, serverApi } from '../../../../lib/server-api.ts'
import { Badge } from '../../../../ui/badge.tsx'
import { LinkButton } from '../../../../ui/button.tsx'
import { Card, CardBody, CardHeader } from '../../../../ui/card.tsx'
import { Facts } from '../../../../ui/facts.tsx'
import { Hex } from '../../../../ui/hex.tsx'
import { PageHeader } from '../../../../ui/page.tsx'
import { Stat, Stats } from '../../../../ui/stat.tsx'

type Params = { params: Promise<{ billId: string }> }

export async function generateMetadata({ params }: Params): Promise<Metadata> {
  return { title: `Bill ${readId((await params).billId) ?? ''}` }
}

export default async function BillPage({ params }: Params) {
  const billId = readId((await params).billId)
  if (billId === null) notFound()
  const api = await serverApi()
  const [found, orders, config] = await Promise.all([
    attempt(api.market.bill({ billId })),
    attempt(api.market.orders({ billId, limit: 20 })),
    attempt(api.config.get()),
  ])
  if (found.data === null) {
    return (
      <div className="py-8">
        <PageHeader title={`Bill ${billId}`} />
        <Problem error={found.error} again={`/bills/${billId}`} />
      </div>
    )
  }
  const bill = found.data
  const now = BigInt(Math.floor(Date.now() / 1000))
  const open = !bill.cancelled && bill.expiresAt >= now && bill.free > 0n
  return (
    <div className="py-8">
      <Refresher seconds={15} />
      <PageHeader
        above={
          <Link href="/market" className="hover:text-text">
            Market
          </Link>
        }
        title={
          <span className="flex flex-wrap items-center gap-3">
            Bill {String(billId)}
            <Badge tone={open ? 'ok' : 'off'}>
              {bill.cancelled
                ? 'Cancelled'
                : bill.expiresAt < now
                  ? 'Expired'
                  : bill.free === 0n
                    ? 'Sold out'
                    : 'Open'}
            </Badge>
          </span>
        }
        about={
          <>
            Space offered by <Hex value={bill.miner} what="miner’s address" href={`/miners/${bill.miner}`} />
          </>
        }
        action={
          open ? (
            <LinkButton look="primary" href={`/u/sources/new?bill=${billId}`} prefetch={false}>
              Order from this bill
            </LinkButton>
          ) : null
        }
      />
      <Stats className="mb-4">
        <Stat label="Price" value={`${bare(bill.price, 6)} DMC`} note="per GiB and week" />
        <Stat label="Free" value={space(bill.free)} note={`of ${space(bill.capacity)}`} />
        <Stat
          label="Pledge"
          value={`${bill.pledgeRate}× a week`}
          note={`${dmc(bill.pledge)} locked for what is free`}
        />
        <Stat
          label="Term"
          value={`${bill.minWeeks}–${bill.maxWeeks} weeks`}
          note={`taken until ${formatTime(bill.expiresAt).slice(0, 10)}`}
        />
      </Stats>
      <div className="grid items-start gap-4 lg:grid-cols-[1fr_22rem]">
        <div className="grid min-w-0 gap-4">
          <Card>
            <CardHeader title="Orders taken from it" />
            <OrderTable
              orders={orders.data?.items ?? []}
              none="Nobody has taken an order from this bill yet."
            />
          </Card>
          <Card>
            <CardHeader title="On chain" about="Every change of this bill, with its block and transaction" />
            <EventList events={bill.events} explorerUrl={config.data?.explorerUrl ?? null} />
          </Card>
        </div>
        <div className="grid gap-4">
          {open ? (
            <Card>
              <CardHeader title="What would it cost?" />
              <CardBody>
                <CostCalculator
                  price={String(bill.price)}
                  step={String(bill.step)}
                  free={String(bill.free)}
                  minWeeks={bill.minWeeks}
                  maxWeeks={bill.maxWeeks}
                />
              </CardBody>
            </Card>
          ) : null}
          <Card>
            <CardHeader title="Terms" />
            <CardBody className="py-1">
              <Facts
                items={[
                  ['Step', space(bill.step)],
                  ['Bond of a challenge', dmc(bill.bond)],
                  ['Published', formatTime(bill.createdAt)],
                  ['Open until', formatTime(bill.expiresAt)],
                  ['Agent answers at', bill.endpoint === '' ? 'not published' : hostOf(bill.endpoint)],
                ]}
              />
            </CardBody>
          </Card>
        </div>
      </div>
    </div>
  )
}

/** The address without the pinned keys, which nobody reads. */
const hostOf = (endpoint: string) => endpoint.split('#')[0]?.slice(0, 80) ?? ''
