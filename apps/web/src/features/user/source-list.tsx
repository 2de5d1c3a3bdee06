'use client'

import { formatSize } from '@dmc/core/units/format-size'
import { useQuery } from '@tanstack/react-query'
import { Plus } from 'lucide-react'
import Link from 'next/link'
import { count } from '../../lib/amounts.ts'
import { useTRPC } from '../../lib/trpc.ts'
import type { RouterOutputs } from '../../server/router.ts'
import { Badge } from '../../ui/badge.tsx'
import { LinkButton } from '../../ui/button.tsx'
import { Card } from '../../ui/card.tsx'
import { ListState } from '../../ui/list-state.tsx'
import { Progress } from '../../ui/progress.tsx'
import { Skeleton } from '../../ui/skeleton.tsx'
import { SourceBadge } from '../../ui/state-badge.tsx'
import { Cell, Head, HeadCell, Row, Table } from '../../ui/table.tsx'
import { When } from '../../ui/when.tsx'
import { stripOf } from '../orders/proof-days.ts'
import { ProofStrip } from '../orders/proof-strip.tsx'
import { useProofs } from '../orders/use-proofs.ts'

export type Source = RouterOutputs['sources']['list'][number]
type Proofs = RouterOutputs['orders']['proofs']

/** The folders that are backed up, each with what happens to it now. */
export function SourceList() {
  const trpc = useTRPC()
  const sources = useQuery(trpc.sources.list.queryOptions({}))
  const proofs = useProofs()
  return (
    <Card>
      <ListState
        query={sources}
        isEmpty={(all) => all.length === 0}
        none={{
          title: 'Nothing is backed up yet',
          text: 'Pick a folder on one of your hosts. It is encrypted there before anything leaves it.',
          action: (
            <LinkButton look="primary" href="/u/sources/new">
              <Plus aria-hidden /> Back up a folder
            </LinkButton>
          ),
        }}
      >
        {(all) => (
          <Table label="Sources">
            <Head>
              <HeadCell>Source</HeadCell>
              <HeadCell>State</HeadCell>
              <HeadCell align="right">Size</HeadCell>
              <HeadCell align="right">Files</HeadCell>
              <HeadCell align="right">Snapshots</HeadCell>
              <HeadCell align="right">Newest</HeadCell>
              <HeadCell align="right">Next</HeadCell>
              <HeadCell>Proof, 30 days</HeadCell>
            </Head>
            <tbody>
              {all.map((source) => (
                <Row key={source.sourceId}>
                  <Cell className="max-w-72">
                    <Link
                      href={`/u/sources/${source.sourceId}`}
                      className="block font-medium underline-offset-3 hover:underline"
                    >
                      <span className="clip-line block">{source.name}</span>
                    </Link>
                    <span className="clip-line block text-xs text-muted" title={source.path}>
                      {source.agentName} · {source.path}
                    </span>
                  </Cell>
                  <Cell>
                    <SourceState source={source} />
                  </Cell>
                  <Cell align="right">{formatSize(source.bytes)}</Cell>
                  <Cell align="right">{count(source.files)}</Cell>
                  <Cell align="right">{count(source.snapshots)}</Cell>
                  <Cell align="right">
                    {source.lastSnapshotAt === null ? (
                      '–'
                    ) : (
                      <When at={source.lastSnapshotAt.getTime() / 1000} />
                    )}
                  </Cell>
                  <Cell align="right">
                    {source.schedule?.nextRunAt ? (
                      <When at={source.schedule.nextRunAt.getTime() / 1000} />
                    ) : (
                      <span className="text-muted">by hand</span>
                    )}
                  </Cell>
                  <Cell>
                    <SourceProof orders={source.orders} proofs={proofs.data} />
                  </Cell>
                </Row>
              ))}
            </tbody>
          </Table>
        )}
      </ListState>
    </Card>
  )
}

/** All orders of a source in one strip: a day is as good as its worst order. */
function SourceProof({ orders, proofs }: { orders: bigint[]; proofs: Proofs | undefined }) {
  if (proofs === undefined) return <Skeleton className="h-5 w-40" />
  const days = proofs.days.filter((day) => orders.includes(day.orderId))
  if (days.length === 0) return <span className="text-muted">not checked yet</span>
  const proven = proofs.proofs
    .filter((proof) => orders.includes(proof.orderId))
    .map((proof) => proof.lastProvenAt?.getTime() ?? 0)
    .reduce((a, b) => Math.max(a, b), 0)
  return (
    <span className="grid gap-1">
      <ProofStrip small strip={stripOf(days, proofs.today)} />
      {proven === 0 ? null : (
        <span className="text-xs text-muted">
          last proven <When at={proven / 1000} />
        </span>
      )}
    </span>
  )
}

export function SourceState({ source }: { source: Source }) {
  const { job } = source
  if (!source.online) return <Badge tone="warn">Host offline</Badge>
  if (job !== null) {
    const share = job.total === 0n ? null : Number((job.done * 1000n) / job.total) / 1000
    return (
      <span className="grid w-40 gap-1.5">
        <Badge tone="busy" className="w-fit">
          {job.stage ?? 'Working'}
        </Badge>
        <Progress value={share} label={`${source.name}: ${job.stage ?? 'working'}`} />
      </span>
    )
  }
  if (source.snapshots > 0 && source.orders.length > 0) return <Badge tone="ok">Protected</Badge>
  if (source.orders.length === 0) return <Badge tone="plain">No order yet</Badge>
  return <SourceBadge state={source.state} />
}
