import type { Metadata } from 'next'
import Link from 'next/link'
import { notFound } from 'next/navigation'
import { isAddress } from 'viem'
import { OrderTable } from '../../../../features/market/order-table.tsx'
import { Problem } from '../../../../features/site/problem.tsx'
import { Refresher } from '../../../../features/site/refresher.tsx'
import { bare, count, dmc, space } from '../../../../lib/amounts.ts'
import { attempt, serverApi } from '../../../../lib/server-api.ts'
import { shortHex } from '../../../../lib/short-hex.ts'
import { Badge } from '../../../../ui/badge.tsx'
import { Card, CardHeader } from '../../../../ui/card.tsx'
import { Hex } from '../../../../ui/hex.tsx'
import { PageHeader } from '../../../../ui/page.tsx'
import { Stat, Stats } from '../../../../ui/stat.tsx'
import { Cell, Head, HeadCell, Row, Table } from '../../../../ui/table.tsx'

type Params = { params: Promise<{ address: string }> }

export async function generateMetadata({ params }: Params): Promise<Metadata> {
  return { title: `Miner ${shortHex((await params).address.slice(0, 42))}` }
}

export default async function MinerPage({ params }: Params) {
  const { address } = await params
  if (!isAddress(address, { strict: false })) notFound()
  const api = await serverApi()
  const [found, bills, orders] = await Promise.all([
    attempt(api.market.miner({ address })),
    attempt(api.market.bills({ miner: address, openOnly: false, limit: 50 })),
    attempt(api.market.orders({ miner: address, limit: 50 })),
  ])
  if (found.data === null) {
    return (
      <div className="py-8">
        <PageHeader title="Miner" />
        <Problem error={found.error} again={`/miners/${address}`} />
      </div>
    )
  }
  const miner = found.data
  const now = BigInt(Math.floor(Date.now() / 1000))
  return (
    <div className="py-8">
      <Refresher seconds={15} />
      <PageHeader
        above={
          <Link href="/market" className="hover:text-text">
            Market
          </Link>
        }
        title="Miner"
        about={<Hex value={address} what="miner’s address" ends={8} />}
      />
      <Stats className="mb-4">
        <Stat label="Open bills" value={count(miner.openBills)} note={`${space(miner.free)} free`} />
        <Stat
          label="Active orders"
          value={count(miner.orders.active)}
          note={`${count(miner.orders.ended)} ended well`}
        />
        <Stat label="Pledged" value={dmc(miner.pledge)} note="lost if data can’t be proven" />
        <Stat
          label="Slashed"
          value={count(miner.orders.slashed)}
          note={`${count(miner.orders.refused)} orders refused`}
        />
      </Stats>
      <Card className="mb-4">
        <CardHeader title="Bills" />
        {(bills.data?.items.length ?? 0) === 0 ? (
          <p className="px-5 py-8 text-center text-[0.8125rem] text-muted">
            This address has published no bill.
          </p>
        ) : (
          <Table label="Bills of this miner">
            <Head>
              <HeadCell>Bill</HeadCell>
              <HeadCell>State</HeadCell>
              <HeadCell align="right">DMC / GiB-week</HeadCell>
              <HeadCell align="right">Free</HeadCell>
              <HeadCell align="right">Weeks</HeadCell>
              <HeadCell align="right">Pledge</HeadCell>
            </Head>
            <tbody>
              {bills.data?.items.map((bill) => {
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
                      <Badge tone={open ? 'ok' : 'off'}>
                        {open ? 'Open' : bill.cancelled ? 'Cancelled' : 'Expired'}
                      </Badge>
                    </Cell>
                    <Cell align="right">{bare(bill.price, 6)}</Cell>
                    <Cell align="right">
                      {space(bill.free)} <span className="text-muted">of {space(bill.capacity)}</span>
                    </Cell>
                    <Cell align="right">
                      {bill.minWeeks}–{bill.maxWeeks}
                    </Cell>
                    <Cell align="right">{bill.pledgeRate}×</Cell>
                  </Row>
                )
              })}
            </tbody>
          </Table>
        )}
      </Card>
      <Card>
        <CardHeader title="Orders" about="The newest first" />
        <OrderTable orders={orders.data?.items ?? []} none="No order has been taken yet." />
      </Card>
    </div>
  )
}
