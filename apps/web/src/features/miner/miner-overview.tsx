'use client'

import { formatSize } from '@dmc/core/units/format-size'
import { useQuery } from '@tanstack/react-query'
import { Plus } from 'lucide-react'
import { count, dmc } from '../../lib/amounts.ts'
import { sum } from '../../lib/bigints.ts'
import { useOwner } from '../../lib/session.tsx'
import { useTRPC } from '../../lib/trpc.ts'
import { LinkButton } from '../../ui/button.tsx'
import { Card, CardHeader } from '../../ui/card.tsx'
import { PageHeader } from '../../ui/page.tsx'
import { Stat, Stats } from '../../ui/stat.tsx'
import { AttentionList } from '../people/attention-list.tsx'
import { Checklist } from '../people/checklist.tsx'
import { OrderList } from '../people/order-list.tsx'
import { RecentActivity } from '../people/recent-activity.tsx'
import { useEarnings } from './use-earnings.ts'

export function MinerOverview() {
  const trpc = useTRPC()
  const owner = useOwner()
  const agents = useQuery(trpc.agents.list.queryOptions())
  const sectors = useQuery(trpc.sectors.list.queryOptions())
  const bills = useQuery(trpc.market.bills.queryOptions({ miner: owner, openOnly: false, limit: 200 }))
  const earnings = useEarnings()
  const known = agents.data !== undefined && sectors.data !== undefined && bills.data !== undefined
  const size = sum((sectors.data ?? []).map((sector) => sector.size))
  const used = sum((sectors.data ?? []).map((sector) => sector.used))
  return (
    <>
      <PageHeader
        title="Overview"
        about={
          known && (bills.data.items.length > 0 || sectors.data.length > 0)
            ? `${count(sectors.data.length)} ${sectors.data.length === 1 ? 'sector' : 'sectors'}, ${count(earnings.active)} active ${earnings.active === 1 ? 'order' : 'orders'}.`
            : 'Offer disk space, and be paid for proving that you keep it.'
        }
        action={
          <LinkButton href="/m/bills/new">
            <Plus aria-hidden /> Offer space
          </LinkButton>
        }
      />
      <div className="grid gap-4">
        {known ? (
          <Checklist
            title="Your first bill"
            steps={[
              {
                title: 'Pair the host with the disk',
                text: 'Run the agent there with the miner’s role; it shows a code and two words.',
                done: agents.data.some((agent) => agent.roles.includes('miner')),
                href: '/pair',
                action: 'Pair',
              },
              {
                title: 'Offer space',
                text: 'Choose a folder and a size, a price and a pledge: one permit, one transaction.',
                done: bills.data.items.length > 0,
                href: '/m/bills/new',
                action: 'Offer',
              },
              {
                title: 'Take the first order',
                text: 'It arrives by itself; the host receives, verifies and states the commitment.',
                done: earnings.orders > 0,
                href: '/market',
                action: 'See the market',
              },
            ]}
          />
        ) : null}
        <Stats>
          <Stat
            label="Space offered"
            value={known ? formatSize(size) : '…'}
            note={known ? `${formatSize(used)} used` : undefined}
          />
          <Stat
            label="Active orders"
            value={earnings.known ? count(earnings.active) : '…'}
            note={earnings.known ? `${count(earnings.preparing)} preparing` : undefined}
          />
          <Stat
            label="Earned so far"
            value={earnings.known ? dmc(earnings.earned) : '…'}
            note={earnings.known ? `${dmc(earnings.perWeek)} a week` : undefined}
          />
          <Stat
            label="Pledged"
            value={earnings.known ? dmc(earnings.pledge) : '…'}
            note="comes back when orders end well"
          />
        </Stats>
        {known && bills.data.items.length === 0 ? null : <OrderList side="miner" />}
        <div className="grid items-start gap-4 lg:grid-cols-2">
          <Card>
            <CardHeader title="Needs you" />
            <AttentionList most={6} />
          </Card>
          <RecentActivity />
        </div>
      </div>
    </>
  )
}
