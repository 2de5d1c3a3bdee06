'use client'

import { useQuery } from '@tanstack/react-query'
import { Plus } from 'lucide-react'
import Link from 'next/link'
import { bare, dmc, space } from '../../lib/amounts.ts'
import { useOwner } from '../../lib/session.tsx'
import { useTRPC } from '../../lib/trpc.ts'
import { Badge } from '../../ui/badge.tsx'
import { Button, LinkButton } from '../../ui/button.tsx'
import { Card } from '../../ui/card.tsx'
import { ListState } from '../../ui/list-state.tsx'
import { Cell, Head, HeadCell, Row, Table } from '../../ui/table.tsx'
import { When } from '../../ui/when.tsx'
import { useReview } from '../orders/order-acts.tsx'

export function BillList() {
  const trpc = useTRPC()
  const owner = useOwner()
  const bills = useQuery(trpc.market.bills.queryOptions({ miner: owner, openOnly: false, limit: 200 }))
  const { review, dialog } = useReview()
  const now = BigInt(Math.floor(Date.now() / 1000))
  return (
    <Card>
      <ListState
        query={bills}
        isEmpty={(data) => data.items.length === 0}
        none={{
          title: 'No bills yet',
          text: 'A bill offers space of a sector on the market, at your price.',
          action: (
            <LinkButton look="primary" href="/m/bills/new">
              <Plus aria-hidden /> Publish a bill
            </LinkButton>
          ),
        }}
      >
        {({ items }) => (
          <Table label="Your bills">
            <Head>
              <HeadCell>Bill</HeadCell>
              <HeadCell>State</HeadCell>
              <HeadCell align="right">DMC / GiB-week</HeadCell>
              <HeadCell align="right">Sold</HeadCell>
              <HeadCell align="right">Weeks</HeadCell>
              <HeadCell align="right">Pledge</HeadCell>
              <HeadCell align="right">Open until</HeadCell>
              <HeadCell align="right">
                <span className="sr-only">Actions</span>
              </HeadCell>
            </Head>
            <tbody>
              {items.map((bill) => {
                const open = !bill.cancelled && bill.expiresAt >= now
                return (
                  <Row key={String(bill.billId)}>
                    <Cell>
                      <Link
                        href={`/bills/${bill.billId}`}
                        className="font-medium underline-offset-3 hover:underline"
                      >
                        Bill {String(bill.billId)}
                      </Link>
                    </Cell>
                    <Cell>
                      <Badge tone={open ? (bill.free === 0n ? 'info' : 'ok') : 'off'}>
                        {open
                          ? bill.free === 0n
                            ? 'Sold out'
                            : 'Open'
                          : bill.cancelled
                            ? 'Cancelled'
                            : 'Expired'}
                      </Badge>
                    </Cell>
                    <Cell align="right">{bare(bill.price, 6)}</Cell>
                    <Cell align="right">
                      {space(bill.capacity - bill.free)}{' '}
                      <span className="text-muted">of {space(bill.capacity)}</span>
                    </Cell>
                    <Cell align="right">
                      {bill.minWeeks}–{bill.maxWeeks}
                    </Cell>
                    <Cell align="right">
                      {bill.pledgeRate}× <span className="text-muted">{dmc(bill.pledge)} free</span>
                    </Cell>
                    <Cell align="right">
                      <When at={bill.expiresAt} />
                    </Cell>
                    <Cell align="right">
                      {bill.cancelled ? null : (
                        <span className="inline-flex gap-2">
                          {bill.free > 0n ? (
                            <Button size="small" onClick={() => review({ act: 'shrinkBill', bill })}>
                              Shrink<span className="sr-only"> bill {String(bill.billId)}</span>
                            </Button>
                          ) : null}
                          <Button
                            size="small"
                            look="danger"
                            onClick={() => review({ act: 'cancelBill', bill })}
                          >
                            Cancel<span className="sr-only"> bill {String(bill.billId)}</span>
                          </Button>
                        </span>
                      )}
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
