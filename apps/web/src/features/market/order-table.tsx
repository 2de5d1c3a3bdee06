import type { OrderState } from '@dmc/core/market/states'
import Link from 'next/link'
import { dmc, space, weeksText } from '../../lib/amounts.ts'
import { shortHex } from '../../lib/short-hex.ts'
import { OrderBadge } from '../../ui/state-badge.tsx'
import { Cell, Head, HeadCell, Row, Table } from '../../ui/table.tsx'
import { When } from '../../ui/when.tsx'

export interface ListedOrder {
  orderId: bigint
  billId: bigint
  user: string
  miner: string
  state: OrderState
  capacity: bigint
  weeks: number
  price: bigint
  endsAt: bigint
  createdAt: bigint
}

export function OrderTable({ orders, none }: { orders: readonly ListedOrder[]; none: string }) {
  if (orders.length === 0) return <p className="px-5 py-8 text-center text-[0.8125rem] text-muted">{none}</p>
  return (
    <Table label="Orders">
      <Head>
        <HeadCell>Order</HeadCell>
        <HeadCell>State</HeadCell>
        <HeadCell>User</HeadCell>
        <HeadCell align="right">Capacity</HeadCell>
        <HeadCell align="right">Term</HeadCell>
        <HeadCell align="right">A week</HeadCell>
        <HeadCell align="right">Ends</HeadCell>
      </Head>
      <tbody>
        {orders.map((order) => (
          <Row key={String(order.orderId)}>
            <Cell>
              <Link
                href={`/orders/${order.orderId}`}
                className="font-medium underline-offset-3 hover:underline"
              >
                Order {String(order.orderId)}
              </Link>
            </Cell>
            <Cell>
              <OrderBadge state={order.state} />
            </Cell>
            <Cell className="font-mono" title={order.user}>
              {shortHex(order.user)}
            </Cell>
            <Cell align="right">{space(order.capacity)}</Cell>
            <Cell align="right">{weeksText(order.weeks)}</Cell>
            <Cell align="right">{dmc((order.price * order.capacity) / 1024n)}</Cell>
            <Cell align="right">{order.endsAt === 0n ? '–' : <When at={order.endsAt} />}</Cell>
          </Row>
        ))}
      </tbody>
    </Table>
  )
}
