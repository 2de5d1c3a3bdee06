import { earned } from '@dmc/core/market/earned'
import { formatSize } from '@dmc/core/units/format-size'
import { formatTime } from '@dmc/core/units/format-time'
import type { Metadata } from 'next'
import Link from 'next/link'
import { notFound } from 'next/navigation'
import { Commitments } from '../../../../features/market/commitments.tsx'
import { EventList } from '../../../../features/market/event-list.tsx'
import { MoneyFlow } from '../../../../features/market/money-flow.tsx'
import { Problem } from '../../../../features/site/problem.tsx'
import { Refresher } from '../../../../features/site/refresher.tsx'
import { dmc, space, weeksText } from '../../../../lib/amounts.ts'
import { readId } from '../../../../lib/read-id.ts'
import { attempt, serverApi } from '../../../../lib/server-api.ts'
import { Card, CardBody, CardHeader } from '../../../../ui/card.tsx'
import { Facts } from '../../../../ui/facts.tsx'
import { Hex } from '../../../../ui/hex.tsx'
import { PageHeader } from '../../../../ui/page.tsx'
import { Stat, Stats } from '../../../../ui/stat.tsx'
import { OrderBadge } from '../../../../ui/state-badge.tsx'
import { When } from '../../../../ui/when.tsx'

type Params = { params: Promise<{ orderId: string }> }

export async function generateMetadata({ params }: Params): Promise<Metadata> {
  return { title: `Order ${readId((await params).orderId) ?? ''}` }
}

export default async function OrderPage({ params }: Params) {
  const orderId = readId((await params).orderId)
  if (orderId === null) notFound()
  const api = await serverApi()
  const [found, config] = await Promise.all([
    attempt(api.market.order({ orderId })),
    attempt(api.config.get()),
  ])
  if (found.data === null) {
    return (
      <div className="py-8">
        <PageHeader title={`Order ${orderId}`} />
        <Problem error={found.error} again={`/orders/${orderId}`} />
      </div>
    )
  }
  const order = found.data
  const week = config.data?.parameters.week ?? 604_800n
  const now = BigInt(Math.floor(Date.now() / 1000))
  const soFar = earned(order, now, week)
  const waiting = order.escrow > soFar - order.claimed ? order.escrow - (soFar - order.claimed) : 0n
  return (
    <div className="py-8">
      <Refresher seconds={5} />
      <PageHeader
        above={
          <Link href={`/bills/${order.billId}`} className="hover:text-text">
            Bill {String(order.billId)}
          </Link>
        }
        title={
          <span className="flex flex-wrap items-center gap-3">
            Order {String(orderId)}
            <OrderBadge state={order.state} />
          </span>
        }
        about={
          <span className="inline-flex flex-wrap items-center gap-x-2">
            <Hex value={order.user} what="user’s address" /> stores with{' '}
            <Hex value={order.miner} what="miner’s address" href={`/miners/${order.miner}`} />
          </span>
        }
      />
      <Stats className="mb-4">
        <Stat
          label="Capacity"
          value={space(order.capacity)}
          note={
            order.commitment === null ? 'nothing proven yet' : `${formatSize(order.commitment.size)} proven`
          }
        />
        <Stat
          label="Term"
          value={weeksText(order.weeks)}
          note={
            order.endsAt === 0n ? (
              'starts when both agree'
            ) : (
              <>
                ends <When at={order.endsAt} />
              </>
            )
          }
        />
        <Stat label="Price" value={dmc((order.price * order.capacity) / 1024n)} note="a week" />
        <Stat label="Miner’s pledge" value={dmc(order.pledge)} note={`${order.pledgeRate}× a week`} />
      </Stats>
      <Card className="mb-4 overflow-hidden">
        <CardHeader
          title="Commitments"
          about="Root and size of the stored data, computed and stated by each side apart"
        />
        <Commitments user={order.userPrepare} miner={order.minerPrepare} inForce={order.commitment} />
      </Card>
      <div className="grid items-start gap-4 lg:grid-cols-[1fr_22rem]">
        <Card className="min-w-0">
          <CardHeader title="What happened" about="From the chain, with block and transaction" />
          <EventList events={[...order.events].reverse()} explorerUrl={config.data?.explorerUrl ?? null} />
        </Card>
        <div className="grid gap-4">
          <Card>
            <CardHeader title="The user’s tokens" />
            <CardBody>
              <MoneyFlow
                parts={[
                  { name: 'Escrow, not yet earned', amount: waiting, shade: 'info' },
                  { name: 'Earned, not yet paid', amount: order.escrow - waiting, shade: 'warn' },
                  { name: 'Paid to the miner', amount: order.paid, shade: 'accent' },
                  { name: 'Back to the user', amount: order.refunded, shade: 'off' },
                  { name: 'Reserve', amount: order.reserve, shade: 'off' },
                ]}
              />
            </CardBody>
          </Card>
          <Card>
            <CardHeader title="Details" />
            <CardBody className="py-1">
              <Facts
                items={[
                  ['Placed', formatTime(order.createdAt)],
                  ['Active since', order.start === 0n ? 'not yet' : formatTime(order.start)],
                  ['Ends', order.endsAt === 0n ? 'not yet known' : formatTime(order.endsAt)],
                  order.noticeEndsAt === 0n ? null : ['Miner leaves', formatTime(order.noticeEndsAt)],
                  ['Bond of a challenge', dmc(order.bond)],
                  order.refuseReason === null ? null : ['Refused because', order.refuseReason.slice(0, 128)],
                  order.compensation === 0n ? null : ['Compensation', dmc(order.compensation)],
                ]}
              />
            </CardBody>
          </Card>
          <details className="rounded-card border border-line bg-surface px-5 py-3 text-[0.8125rem] shadow-card">
            <summary className="w-fit rounded font-medium">As the chain keeps it</summary>
            <pre className="mt-3 overflow-x-auto font-mono text-xs text-muted">{raw(order)}</pre>
          </details>
        </div>
      </div>
    </div>
  )
}

const raw = ({ events: _, ...order }: { events: unknown }) =>
  JSON.stringify(order, (_, value) => (typeof value === 'bigint' ? value.toString() : value), 2)
