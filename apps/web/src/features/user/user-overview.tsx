'use client'

import { weekPrice } from '@dmc/core/market/week-price'
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
import { Skeleton } from '../../ui/skeleton.tsx'
import { Stat, Stats } from '../../ui/stat.tsx'
import { When } from '../../ui/when.tsx'
import { AttentionList } from '../people/attention-list.tsx'
import { Checklist } from '../people/checklist.tsx'
import { RecentActivity } from '../people/recent-activity.tsx'
import { useAttention } from '../people/use-attention.ts'
import { ProofOverview } from './proof-overview.tsx'
import { SourceList } from './source-list.tsx'

/** Is everything safe? One sentence, then the figures. */
export function UserOverview() {
  const trpc = useTRPC()
  const owner = useOwner()
  const agents = useQuery(trpc.agents.list.queryOptions())
  const sources = useQuery(trpc.sources.list.queryOptions({}))
  const orders = useQuery(trpc.market.orders.queryOptions({ user: owner, limit: 200 }))
  const attention = useAttention()
  const known = agents.data !== undefined && sources.data !== undefined && orders.data !== undefined
  const active = (orders.data?.items ?? []).filter((order) => order.state === 'active')
  const safe = (sources.data ?? []).filter((source) =>
    source.orders.some((id) => active.some((order) => order.orderId === id)),
  )
  const newest = (sources.data ?? [])
    .map((source) => source.lastSnapshotAt?.getTime() ?? 0)
    .reduce((a, b) => Math.max(a, b), 0)
  const steps = [
    {
      title: 'Pair a host',
      text: 'The machine with the files. It shows a code and two words.',
      done: (agents.data?.length ?? 0) > 0,
      href: '/pair',
      action: 'Pair',
    },
    {
      title: 'Back up a folder',
      text: 'Pick it, see the cost, one permit and one transaction.',
      done: (orders.data?.items.length ?? 0) > 0,
      href: '/u/sources/new',
      action: 'Pick a folder',
    },
    {
      title: 'See it protected',
      text: 'Both sides state the same commitment on chain.',
      done: active.length > 0,
      href: sources.data?.[0] === undefined ? '/u/sources' : `/u/sources/${sources.data[0].sourceId}`,
      action: 'Watch',
    },
  ]
  const missing = (sources.data?.length ?? 0) - safe.length
  return (
    <>
      <PageHeader
        title="Overview"
        about={
          !known ? (
            <Skeleton className="w-56" />
          ) : sources.data.length === 0 ? (
            'Nothing is backed up yet.'
          ) : (
            `${count(safe.length)} ${safe.length === 1 ? 'source is' : 'sources are'} protected${missing > 0 ? `, ${count(missing)} not yet` : ''}${attention.count > 0 ? `; ${count(attention.count)} ${attention.count === 1 ? 'thing needs' : 'things need'} you` : ''}.`
          )
        }
        action={
          <LinkButton
            href="/u/sources/new"
            look={known && steps.every((step) => step.done) ? 'primary' : 'plain'}
          >
            <Plus aria-hidden /> Back up a folder
          </LinkButton>
        }
      />
      <div className="grid gap-4">
        {known ? <Checklist title="Your first backup" steps={steps} /> : null}
        <Stats>
          <Stat
            label="Protected sources"
            value={known ? count(safe.length) : '…'}
            note={known ? `of ${count(sources.data.length)}` : undefined}
          />
          <Stat
            label="Proven on chain"
            value={known ? formatSize(sum(active.map((order) => order.commitment?.size ?? 0n))) : '…'}
            note={
              known
                ? `in ${count(active.length)} active ${active.length === 1 ? 'order' : 'orders'}`
                : undefined
            }
          />
          <Stat
            label="Newest snapshot"
            value={newest === 0 ? '–' : <When at={newest / 1000} />}
            note="on any host"
          />
          <Stat
            label="Costs a week"
            value={known ? dmc(sum(active.map((order) => weekPrice(order.price, order.capacity)))) : '…'}
            note={known ? `${dmc(sum(active.map((order) => order.escrow)))} in escrow` : undefined}
          />
        </Stats>
        {active.length > 0 ? <ProofOverview orders={active.map((order) => order.orderId)} /> : null}
        {known && sources.data.length === 0 ? null : <SourceList />}
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
