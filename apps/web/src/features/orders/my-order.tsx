'use client'

import { useQuery } from '@tanstack/react-query'
import { Handshake } from 'lucide-react'
import Link from 'next/link'
import { useChainConfig } from '../../lib/chain-config.tsx'
import { useOwner } from '../../lib/session.tsx'
import { useTRPC } from '../../lib/trpc.ts'
import { useChainTime } from '../../lib/use-chain-time.ts'
import { LinkButton } from '../../ui/button.tsx'
import { Card, CardHeader } from '../../ui/card.tsx'
import { Hex } from '../../ui/hex.tsx'
import { ListState } from '../../ui/list-state.tsx'
import { Notice } from '../../ui/notice.tsx'
import { PageHeader } from '../../ui/page.tsx'
import { OrderBadge } from '../../ui/state-badge.tsx'
import { AnswerPanel } from '../miner/answer-panel.tsx'
import { ChallengeList, OpenChallenge } from './challenge-list.tsx'
import { ActButton, OrderActs, useReview } from './order-acts.tsx'
import {
  type Order,
  OrderCommitments,
  OrderDetails,
  OrderEvents,
  OrderMoney,
  OrderRaw,
  OrderStats,
} from './order-facts.tsx'
import { Escalation, ProofCard } from './proof-card.tsx'

/** An order of the wallet that is signed in, from its own side: proofs, challenges, money, and everything that can be done. */
export function MyOrder({ orderId, side }: { orderId: bigint; side: 'user' | 'miner' }) {
  const trpc = useTRPC()
  const order = useQuery({
    ...trpc.market.order.queryOptions({ orderId }),
    refetchInterval: 10_000,
  })
  return (
    <ListState query={order} rows={6}>
      {(data) => <Whole order={data} side={side} />}
    </ListState>
  )
}

function Whole({ order, side }: { order: Order; side: 'user' | 'miner' }) {
  const trpc = useTRPC()
  const owner = useOwner()
  const config = useChainConfig()
  const { now, skew } = useChainTime()
  const { review, dialog } = useReview()
  const { orderId } = order
  const challenges = useQuery(trpc.market.challenges.queryOptions({ orderId, limit: 100 }))
  const mine = side === 'user' ? order.user : order.miner
  if (mine !== owner) {
    const other = side === 'user' ? order.miner : order.user
    return (
      <>
        <PageHeader title={`Order ${orderId}`} />
        <Card>
          <Notice
            icon={<Handshake />}
            title={`Order ${orderId} is not this wallet’s`}
            text={`It is between ${order.user} and ${order.miner}.`}
          >
            <LinkButton
              href={
                other === owner ? `/${side === 'user' ? 'm' : 'u'}/orders/${orderId}` : `/orders/${orderId}`
              }
            >
              {other === owner
                ? `See it as the ${side === 'user' ? 'miner' : 'user'}`
                : 'See what everybody sees'}
            </LinkButton>
          </Notice>
        </Card>
      </>
    )
  }
  const open = order.challenge === null ? undefined : challenges.data?.find((each) => each.state === 'open')
  return (
    <>
      <PageHeader
        above={
          <Link href={`/${side === 'user' ? 'u' : 'm'}/orders`} className="hover:text-text">
            Orders
          </Link>
        }
        title={
          <span className="flex flex-wrap items-center gap-3">
            Order {String(orderId)}
            <OrderBadge state={order.state} />
          </span>
        }
        about={
          side === 'user' ? (
            <span className="inline-flex flex-wrap items-center gap-x-2">
              kept by <Hex value={order.miner} what="miner’s address" href={`/miners/${order.miner}`} />
            </span>
          ) : (
            <span className="inline-flex flex-wrap items-center gap-x-2">
              for <Hex value={order.user} what="user’s address" />, by{' '}
              <Link href={`/bills/${order.billId}`} className="underline underline-offset-3">
                bill {String(order.billId)}
              </Link>
            </span>
          )
        }
        action={<LinkButton href={`/orders/${orderId}`}>Public page</LinkButton>}
      />
      {side === 'user' ? (
        <Escalation
          orderId={orderId}
          challenge={(leaf) => (
            <ActButton
              order={order}
              offered={{ act: 'challenge', why: null }}
              review={review}
              {...(leaf === null ? {} : { leaf })}
              label="Challenge on chain"
              primary
            />
          )}
        />
      ) : null}
      {dialog}
      {open === undefined ? null : <OpenChallenge challenge={open} pledge={order.pledge} skew={skew} />}
      {side === 'miner' && open !== undefined ? <AnswerPanel order={order} challenge={open} /> : null}
      <OrderStats order={order} />
      {side === 'user' ? <ProofCard order={order} /> : null}
      <OrderActs order={order} />
      <OrderCommitments order={order} />
      <Card className="mb-4">
        <CardHeader
          title="Challenges on chain"
          about="What was asked, until when, and whether it was shown"
        />
        <ListState query={challenges} rows={2}>
          {(data) => <ChallengeList challenges={data} explorerUrl={config.explorerUrl} />}
        </ListState>
      </Card>
      <div className="grid items-start gap-4 lg:grid-cols-[1fr_22rem]">
        <OrderEvents order={order} explorerUrl={config.explorerUrl} />
        <div className="grid gap-4">
          <OrderMoney order={order} now={now} week={config.parameters.week} />
          <OrderDetails order={order} now={now} />
          <OrderRaw order={order} />
        </div>
      </div>
    </>
  )
}
