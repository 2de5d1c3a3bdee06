'use client'

import { claimable } from '@dmc/core/market/earned'
import { weekPrice } from '@dmc/core/market/week-price'
import { useQuery } from '@tanstack/react-query'
import Link from 'next/link'
import { dmc } from '../../lib/amounts.ts'
import { sum } from '../../lib/bigints.ts'
import { useChainConfig } from '../../lib/chain-config.tsx'
import { readCredit } from '../../lib/chain-read.ts'
import { useOwner } from '../../lib/session.tsx'
import { useTRPC } from '../../lib/trpc.ts'
import { useChainTime } from '../../lib/use-chain-time.ts'
import { LinkButton } from '../../ui/button.tsx'
import { Card, CardBody, CardHeader } from '../../ui/card.tsx'
import { Facts } from '../../ui/facts.tsx'
import { ListState } from '../../ui/list-state.tsx'
import { Stat, Stats } from '../../ui/stat.tsx'
import { OrderBadge } from '../../ui/state-badge.tsx'
import { Cell, Head, HeadCell, Row, Table } from '../../ui/table.tsx'
import { MoneyChart } from '../money/money-chart.tsx'
import { TransactPanel } from '../transactions/transact-panel.tsx'
import { useTransact } from '../transactions/use-transact.ts'
import { useEarnings } from './use-earnings.ts'

/** Earned so far, what can be taken now, and what is locked; by order. */
export function Earnings() {
  const earnings = useEarnings()
  const config = useChainConfig()
  const owner = useOwner()
  const transact = useTransact()
  const credit = useQuery({
    queryKey: ['credit', owner],
    queryFn: () => readCredit(config, owner),
    refetchInterval: 5_000,
  })
  const trpc = useTRPC()
  const money = useQuery(trpc.money.summary.queryOptions())
  const { now } = useChainTime()
  const asked = earnings.rows.filter(({ order }) => order.state === 'active' && order.challenge !== null)
  const slashed = earnings.rows.filter(({ order }) => order.state === 'slashed')
  const inOrders = sum(earnings.rows.map(({ order }) => order.pledge))
  const due = earnings.rows
    .filter(({ order }) => order.state === 'active' && order.challenge === null)
    .map(({ order }) => ({ orderId: order.orderId, amount: claimable(order, now, config.parameters.week) }))
    .filter(({ amount }) => amount > 0n)
  const ready = (credit.data ?? 0n) + sum(due.map(({ amount }) => amount))
  // One transaction: every claim that pays, then the withdrawal.
  const takeAll = async () => {
    const { marketCall } = await import('@dmc/core/chain/acts/market-call')
    return marketCall(config.market, 'multicall', [
      [
        ...due.map(({ orderId }) => marketCall(config.market, 'claim', [orderId]).data),
        marketCall(config.market, 'withdraw', [owner]).data,
      ],
    ])
  }
  return (
    <ListState
      query={earnings.query}
      isEmpty={(data) => data.items.length === 0 && (credit.data ?? 0n) === 0n}
      none={{
        title: 'Nothing earned yet',
        text: 'Earnings grow by the second once an order is active.',
        action: <LinkButton href="/m/bills/new">Offer space</LinkButton>,
      }}
    >
      {() => (
        <div className="grid gap-4">
          <Stats>
            <Stat
              label="Earned so far"
              value={dmc(earnings.earned, 6)}
              note={`${dmc(earnings.unpaid, 6)} not yet paid out`}
            />
            <Stat
              label="A week, now"
              value={dmc(earnings.perWeek)}
              note={`from ${earnings.active} active orders`}
            />
            <Stat label="Pledged" value={dmc(earnings.pledge)} note="locked while bills and orders live" />
            <Stat
              label="Ready to withdraw"
              value={credit.data === undefined ? '…' : dmc(ready, 6)}
              note="claims lag one week behind"
            />
          </Stats>
          <Card aria-label="Pledge">
            <CardHeader
              title="Pledge"
              about="What you have promised with: locked, at risk now, and what came back"
            />
            <Stats className="rounded-none border-0 shadow-none">
              <Stat
                label="Locked in orders"
                value={dmc(inOrders)}
                note={`${dmc(earnings.pledge - inOrders)} in open bills`}
              />
              <Stat
                label="At risk"
                value={dmc(sum(asked.map(({ order }) => order.pledge)))}
                note={
                  asked.length === 0
                    ? 'no order is challenged'
                    : `${asked.length} challenged: ${asked.map(({ order }) => order.orderId).join(', ')}`
                }
              />
              <Stat
                label="Returned"
                value={money.data === undefined ? '…' : dmc(money.data.sums['pledge-freed'] ?? 0n)}
                note="from ended orders and bills"
              />
              <Stat
                label="Lost"
                value={dmc(sum(slashed.map(({ order }) => order.compensation + order.reward + order.burned)))}
                note={
                  slashed.length === 0
                    ? 'nothing'
                    : `in ${slashed.length} slashed ${slashed.length === 1 ? 'order' : 'orders'}`
                }
              />
            </Stats>
          </Card>
          <MoneyChart
            title="Over time"
            about="What was credited to this wallet"
            fileName="dmc-payments"
            series={[
              { name: 'Earned', kinds: ['earned'], look: 'solid' },
              { name: 'Bonds and rewards', kinds: ['bond-won', 'reward'], look: 'hatched' },
            ]}
          />
          <div className="grid items-start gap-4 lg:grid-cols-[1fr_20rem]">
            <Card className="min-w-0">
              <CardHeader title="By order" />
              <Table label="Earnings by order">
                <Head>
                  <HeadCell>Order</HeadCell>
                  <HeadCell>State</HeadCell>
                  <HeadCell align="right">Earned</HeadCell>
                  <HeadCell align="right">Paid</HeadCell>
                  <HeadCell align="right">A week</HeadCell>
                  <HeadCell align="right">Pledge</HeadCell>
                </Head>
                <tbody>
                  {earnings.rows.map(({ order, earned }) => (
                    <Row key={String(order.orderId)}>
                      <Cell>
                        <Link
                          href={`/m/orders/${order.orderId}`}
                          className="font-medium underline-offset-3 hover:underline"
                        >
                          Order {String(order.orderId)}
                        </Link>
                      </Cell>
                      <Cell>
                        <OrderBadge state={order.state} />
                      </Cell>
                      <Cell align="right">{dmc(earned, 6)}</Cell>
                      <Cell align="right">{dmc(order.paid, 6)}</Cell>
                      <Cell align="right">
                        {order.state === 'active' ? dmc(weekPrice(order.price, order.capacity)) : '–'}
                      </Cell>
                      <Cell align="right">{dmc(order.pledge)}</Cell>
                    </Row>
                  ))}
                </tbody>
              </Table>
            </Card>
            <Card>
              <CardHeader title="Withdraw" about="To this wallet, in one transaction." />
              <CardBody className="grid gap-3">
                <Facts
                  className="-mt-2"
                  items={[
                    ['Credit', credit.data === undefined ? '…' : dmc(credit.data, 6)],
                    ['Claimable', `${dmc(sum(due.map(({ amount }) => amount)), 6)} of ${due.length} orders`],
                  ]}
                />
                <TransactPanel
                  transact={transact}
                  withPermit={false}
                  button="Withdraw all"
                  disabled={ready === 0n}
                  why={
                    ready === 0n
                      ? 'Nothing can be withdrawn yet: the first claim is possible after a week.'
                      : undefined
                  }
                  onClick={() => transact.run({ title: `Withdraw ${dmc(ready)}`, takes: 0n, call: takeAll })}
                />
              </CardBody>
            </Card>
          </div>
        </div>
      )}
    </ListState>
  )
}
