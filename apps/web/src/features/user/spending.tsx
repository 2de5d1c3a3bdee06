'use client'

import { earned } from '@dmc/core/market/earned'
import { weekPrice } from '@dmc/core/market/week-price'
import { useQuery } from '@tanstack/react-query'
import Link from 'next/link'
import { dmc } from '../../lib/amounts.ts'
import { largest, sum } from '../../lib/bigints.ts'
import { useChainConfig } from '../../lib/chain-config.tsx'
import { useOwner } from '../../lib/session.tsx'
import { useTRPC } from '../../lib/trpc.ts'
import { LinkButton } from '../../ui/button.tsx'
import { Card, CardHeader } from '../../ui/card.tsx'
import { ListState } from '../../ui/list-state.tsx'
import { Stat, Stats } from '../../ui/stat.tsx'
import { OrderBadge } from '../../ui/state-badge.tsx'
import { Cell, Head, HeadCell, Row, Table } from '../../ui/table.tsx'
import { MoneyChart } from '../money/money-chart.tsx'
import { WithdrawCard } from '../money/withdraw-card.tsx'

/** Where the user's tokens are, order by order; all of it from the chain. */
export function Spending() {
  const trpc = useTRPC()
  const owner = useOwner()
  const config = useChainConfig()
  const orders = useQuery({
    ...trpc.market.orders.queryOptions({ user: owner, limit: 200 }),
    refetchInterval: 30_000,
  })
  return (
    <ListState
      query={orders}
      isEmpty={(data) => data.items.length === 0}
      none={{
        title: 'Nothing spent yet',
        text: 'Your first order shows up here with everything it holds and pays.',
        action: <LinkButton href="/u/sources/new">Back up a folder</LinkButton>,
      }}
    >
      {({ items }) => {
        const now = BigInt(Math.floor(Date.now() / 1000))
        const rows = items.map((order) => {
          const soFar = earned(order, now, config.parameters.week)
          const spent = largest([soFar, order.paid])
          return {
            order,
            spent,
            perWeek: order.state === 'active' ? weekPrice(order.price, order.capacity) : 0n,
          }
        })
        return (
          <div className="grid gap-4">
            <Stats>
              <Stat
                label="A week, now"
                value={dmc(sum(rows.map((row) => row.perWeek)))}
                note="for all active orders"
              />
              <Stat
                label="Held in escrow"
                value={dmc(sum(items.map((order) => order.escrow)))}
                note="of it, what is not earned comes back"
              />
              <Stat label="Earned by miners" value={dmc(sum(rows.map((row) => row.spent)))} note="so far" />
              <Stat
                label="Came back"
                value={dmc(sum(items.map((order) => order.refunded + order.compensation)))}
                note="refunds and compensation"
              />
            </Stats>
            <WithdrawCard about="Refunds and compensation that the Market holds for you" />
            <MoneyChart
              title="Over time"
              about="What you put in, and what came back"
              fileName="dmc-payments"
              series={[
                { name: 'Put in', kinds: ['escrow', 'reserve'], look: 'solid' },
                { name: 'Came back', kinds: ['refund', 'compensation'], look: 'hatched' },
              ]}
            />
            <Card>
              <CardHeader title="By order" />
              <Table label="Spending by order">
                <Head>
                  <HeadCell>Order</HeadCell>
                  <HeadCell>State</HeadCell>
                  <HeadCell align="right">Put in</HeadCell>
                  <HeadCell align="right">Earned so far</HeadCell>
                  <HeadCell align="right">Escrow</HeadCell>
                  <HeadCell align="right">Came back</HeadCell>
                  <HeadCell align="right">A week</HeadCell>
                </Head>
                <tbody>
                  {rows.map(({ order, spent, perWeek }) => (
                    <Row key={String(order.orderId)}>
                      <Cell>
                        <Link
                          href={`/u/orders/${order.orderId}`}
                          className="font-medium underline-offset-3 hover:underline"
                        >
                          Order {String(order.orderId)}
                        </Link>
                      </Cell>
                      <Cell>
                        <OrderBadge state={order.state} />
                      </Cell>
                      <Cell align="right">{dmc(order.putIn)}</Cell>
                      <Cell align="right">{dmc(spent)}</Cell>
                      <Cell align="right">{dmc(order.escrow)}</Cell>
                      <Cell align="right">{dmc(order.refunded + order.compensation)}</Cell>
                      <Cell align="right">{perWeek === 0n ? '–' : dmc(perWeek)}</Cell>
                    </Row>
                  ))}
                </tbody>
              </Table>
            </Card>
          </div>
        )
      }}
    </ListState>
  )
}
