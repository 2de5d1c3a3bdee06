'use client'

import { formatSize } from '@dmc/core/units/format-size'
import { useQuery } from '@tanstack/react-query'
import Link from 'next/link'
import { dmc, space, weeksText } from '../../lib/amounts.ts'
import { useChainConfig } from '../../lib/chain-config.tsx'
import { useOwner } from '../../lib/session.tsx'
import { shortHex } from '../../lib/short-hex.ts'
import { useTRPC } from '../../lib/trpc.ts'
import { useChainTime } from '../../lib/use-chain-time.ts'
import type { RouterOutputs } from '../../server/router.ts'
import { Badge } from '../../ui/badge.tsx'
import { LinkButton } from '../../ui/button.tsx'
import { Card } from '../../ui/card.tsx'
import { ListState } from '../../ui/list-state.tsx'
import { OrderBadge } from '../../ui/state-badge.tsx'
import { Cell, Head, HeadCell, Row, Table } from '../../ui/table.tsx'
import { When } from '../../ui/when.tsx'
import { actsOf, type OrderAct } from '../orders/acts-of.ts'
import type { ActSubject } from '../orders/explain-act.ts'
import { ActButton, useReview } from '../orders/order-acts.tsx'

const STAGES = {
  applying: ['plain', 'Applying'],
  delivering: ['busy', 'Receiving data'],
  verifying: ['busy', 'Verifying'],
  active: ['ok', 'Data agreed'],
  refused: ['warn', 'Refused'],
  closed: ['off', 'Closed'],
} as const

/** Orders of one side: money from the chain, the data's stage from the agents. */
export function OrderList({ side }: { side: 'user' | 'miner' }) {
  const trpc = useTRPC()
  const owner = useOwner()
  const orders = useQuery({
    ...trpc.market.orders.queryOptions(
      side === 'user' ? { user: owner, limit: 200 } : { miner: owner, limit: 200 },
    ),
    refetchInterval: 15_000,
  })
  const contracts = useQuery(trpc.orders.contracts.queryOptions({ role: side }))
  const { review, dialog } = useReview()
  const byOrder = new Map(contracts.data?.map((contract) => [contract.orderId, contract]))
  return (
    <Card>
      <ListState
        query={orders}
        isEmpty={(data) => data.items.length === 0}
        none={
          side === 'user'
            ? {
                title: 'No orders yet',
                text: 'An order takes space from a bill for your data.',
                action: (
                  <LinkButton look="primary" href="/u/sources/new">
                    Back up a folder
                  </LinkButton>
                ),
              }
            : {
                title: 'No orders yet',
                text: 'They appear here as soon as a user takes space from one of your bills. Compare your price on the market.',
                action: <LinkButton href="/market">To the market</LinkButton>,
              }
        }
      >
        {({ items }) => (
          <Table label="Orders">
            <Head>
              <HeadCell>Order</HeadCell>
              <HeadCell>On chain</HeadCell>
              <HeadCell>Data</HeadCell>
              <HeadCell>{side === 'user' ? 'Miner' : 'User'}</HeadCell>
              <HeadCell align="right">Capacity</HeadCell>
              <HeadCell align="right">A week</HeadCell>
              <HeadCell align="right">Term</HeadCell>
              <HeadCell align="right">Ends</HeadCell>
              <HeadCell align="right">
                <span className="sr-only">Actions</span>
              </HeadCell>
            </Head>
            <tbody>
              {items.map((order) => {
                const contract = byOrder.get(order.orderId)
                const [tone, name] =
                  contract === undefined ? (['plain', 'Unknown'] as const) : STAGES[contract.state]
                const other = side === 'user' ? order.miner : order.user
                return (
                  <Row key={String(order.orderId)}>
                    <Cell>
                      <Link
                        href={`/${side === 'user' ? 'u' : 'm'}/orders/${order.orderId}`}
                        className="font-medium underline-offset-3 hover:underline"
                      >
                        Order {String(order.orderId)}
                      </Link>
                      <span className="block text-xs text-muted">
                        <When at={order.createdAt} />
                      </span>
                    </Cell>
                    <Cell>
                      <OrderBadge state={order.state} />
                    </Cell>
                    <Cell>
                      {contract === undefined ? (
                        <span className="text-muted">no agent knows it</span>
                      ) : (
                        <span className="grid gap-0.5">
                          <Badge tone={tone} className="w-fit">
                            {name}
                          </Badge>
                          {contract.deliveredBytes === null ? null : (
                            <span className="tabular text-xs text-muted">
                              {formatSize(contract.deliveredBytes)}
                            </span>
                          )}
                        </span>
                      )}
                    </Cell>
                    <Cell className="font-mono" title={other}>
                      {shortHex(other)}
                    </Cell>
                    <Cell align="right">
                      {space(order.capacity)}
                      {order.commitment === null ? null : (
                        <span className="block text-xs text-muted">
                          {formatSize(order.commitment.size)} proven
                        </span>
                      )}
                    </Cell>
                    <Cell align="right">{dmc((order.price * order.capacity) / 1024n)}</Cell>
                    <Cell align="right">{weeksText(order.weeks)}</Cell>
                    <Cell align="right">{order.endsAt === 0n ? '–' : <When at={order.endsAt} />}</Cell>
                    <Cell align="right">
                      <NextAct order={order} review={review} />
                    </Cell>
                  </Row>
                )
              })}
            </tbody>
          </Table>
        )}
      </ListState>
      {dialog}
    </Card>
  )
}

/** The acts that move an order on, beside it; all others are on its own page. */
const URGENT: readonly OrderAct[] = ['slash', 'finish', 'claim', 'cancelOrder', 'refuse', 'extend']

function NextAct({
  order,
  review,
}: {
  order: RouterOutputs['market']['orders']['items'][number]
  review: (subject: ActSubject) => void
}) {
  const owner = useOwner()
  const { parameters } = useChainConfig()
  const { now } = useChainTime()
  const possible = actsOf(order, { wallet: owner, now, parameters }).filter((each) => each.why === null)
  const act = URGENT.map((name) => possible.find((each) => each.act === name)).find(
    (each) => each !== undefined,
  )
  return act === undefined ? null : <ActButton order={order} offered={act} review={review} />
}
