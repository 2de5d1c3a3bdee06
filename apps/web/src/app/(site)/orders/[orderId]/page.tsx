import type { Metadata } from 'next'
import Link from 'next/link'
import { notFound } from 'next/navigation'
import { ChallengeList, OpenChallenge } from '../../../../features/orders/challenge-list.tsx'
import {
  OrderCommitments,
  OrderDetails,
  OrderEvents,
  OrderMoney,
  OrderRaw,
  OrderStats,
} from '../../../../features/orders/order-facts.tsx'
import { Problem } from '../../../../features/site/problem.tsx'
import { Refresher } from '../../../../features/site/refresher.tsx'
import { readId } from '../../../../lib/read-id.ts'
import { attempt, serverApi } from '../../../../lib/server-api.ts'
import { LinkButton } from '../../../../ui/button.tsx'
import { Card, CardHeader } from '../../../../ui/card.tsx'
import { Hex } from '../../../../ui/hex.tsx'
import { PageHeader } from '../../../../ui/page.tsx'
import { OrderBadge } from '../../../../ui/state-badge.tsx'

type Params = { params: Promise<{ orderId: string }> }

export async function generateMetadata({ params }: Params): Promise<Metadata> {
  return { title: `Order ${readId((await params).orderId) ?? ''}` }
}

export default async function OrderPage({ params }: Params) {
  const orderId = readId((await params).orderId)
  if (orderId === null) notFound()
  const api = await serverApi()
  const [found, config, challenges, status, me] = await Promise.all([
    attempt(api.market.order({ orderId })),
    attempt(api.config.get()),
    attempt(api.market.challenges({ orderId, limit: 100 })),
    attempt(api.chain.status()),
    attempt(api.auth.me()),
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
  const wall = Math.floor(Date.now() / 1000)
  const ahead = status.data?.head == null ? 0 : Number(status.data.head.time) - wall
  // between two blocks the chain stands still: only a clock that is set differently counts
  const skew = ahead > 5 || ahead < -120 ? ahead : 0
  const now = BigInt(wall + skew)
  const open = order.challenge === null ? undefined : challenges.data?.find((each) => each.state === 'open')
  const mine =
    me.data?.address === order.user
      ? `/u/orders/${orderId}`
      : me.data?.address === order.miner
        ? `/m/orders/${orderId}`
        : null
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
        action={
          mine === null ? undefined : (
            <LinkButton href={mine} look="primary">
              Your order: proofs and acts
            </LinkButton>
          )
        }
      />
      {open === undefined ? null : <OpenChallenge challenge={open} pledge={order.pledge} skew={skew} />}
      <OrderStats order={order} />
      <OrderCommitments order={order} />
      <Card className="mb-4">
        <CardHeader
          title="Challenges on chain"
          about="What was asked, until when, and whether it was shown"
        />
        {challenges.data === null ? (
          <Problem error={challenges.error} again={`/orders/${orderId}`} />
        ) : (
          <ChallengeList challenges={challenges.data} explorerUrl={config.data?.explorerUrl ?? null} />
        )}
      </Card>
      <div className="grid items-start gap-4 lg:grid-cols-[1fr_22rem]">
        <OrderEvents order={order} explorerUrl={config.data?.explorerUrl ?? null} />
        <div className="grid gap-4">
          <OrderMoney order={order} now={now} week={week} />
          <OrderDetails order={order} now={now} />
          <OrderRaw order={order} />
        </div>
      </div>
    </div>
  )
}
