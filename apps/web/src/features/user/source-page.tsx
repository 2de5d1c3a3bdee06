'use client'

import { formatSize } from '@dmc/core/units/format-size'
import { useMutation, useQuery } from '@tanstack/react-query'
import { RotateCw, TriangleAlert } from 'lucide-react'
import Link from 'next/link'
import { toast } from 'sonner'
import { count } from '../../lib/amounts.ts'
import { errorText } from '../../lib/error-text.ts'
import { useOwner } from '../../lib/session.tsx'
import { useTRPC } from '../../lib/trpc.ts'
import { Badge } from '../../ui/badge.tsx'
import { Button, LinkButton } from '../../ui/button.tsx'
import { Card, CardBody, CardHeader } from '../../ui/card.tsx'
import { ListState } from '../../ui/list-state.tsx'
import { PageHeader } from '../../ui/page.tsx'
import { Stat, Stats } from '../../ui/stat.tsx'
import { Cell, Head, HeadCell, Row, Table } from '../../ui/table.tsx'
import { When } from '../../ui/when.tsx'
import { Commitments } from '../market/commitments.tsx'
import { OrderTable } from '../market/order-table.tsx'
import { JobStages } from './job-stages.tsx'
import { SourceSettings } from './source-settings.tsx'
import { stageOf } from './stage-of.ts'

/** One source: what happens now, its snapshots, its orders. */
export function SourcePage({ sourceId }: { sourceId: string }) {
  const trpc = useTRPC()
  const source = useQuery({
    ...trpc.sources.get.queryOptions({ sourceId }),
    // while something runs the bar moves once a second, also when no change is told
    refetchInterval: ({ state }) => (state.data?.job ? 1_000 : 15_000),
  })
  return (
    <ListState query={source} rows={6}>
      {(data) => <Loaded source={data} />}
    </ListState>
  )
}

function Loaded({ source }: { source: NonNullable<ReturnType<typeof useSource>['data']> }) {
  const trpc = useTRPC()
  const owner = useOwner()
  const all = useQuery(trpc.market.orders.queryOptions({ user: owner, limit: 200 }))
  const orders = (all.data?.items ?? []).filter((order) => source.orders.includes(order.orderId))
  const newest = orders[0]
  const stage = stageOf(source.job?.stage ?? null, orders)
  const backUp = useMutation({
    ...trpc.sources.backUp.mutationOptions(),
    onSuccess: () => toast.success('The host starts a new snapshot.'),
    onError: (error) => toast.error(errorText(error).message),
  })
  const failed = source.jobs.find((job) => job.kind === 'backup')
  const problem = source.job === null && failed?.state === 'failed' ? readError(failed.error) : null
  const active = orders.some((order) => order.state === 'active')
  return (
    <>
      <PageHeader
        above={
          <Link href="/u/sources" className="hover:text-text">
            Sources
          </Link>
        }
        title={source.name}
        about={
          <span className="[overflow-wrap:anywhere]">
            <span className="font-mono text-[0.8125rem]">{source.path}</span> on {source.agentName}{' '}
            {source.online ? null : <Badge tone="warn">Offline</Badge>}
          </span>
        }
        action={
          <>
            {active ? (
              <Button
                disabled={!source.online || source.job !== null || backUp.isPending}
                title={source.online ? undefined : 'The host is offline'}
                onClick={() => backUp.mutate({ sourceId: source.sourceId, requestKey: crypto.randomUUID() })}
              >
                <RotateCw aria-hidden /> Back up now
              </Button>
            ) : null}
            {source.orders.length === 0 ? (
              <LinkButton look="primary" href={`/u/sources/new?source=${source.sourceId}`}>
                Place an order
              </LinkButton>
            ) : null}
          </>
        }
      />
      <div className="grid gap-4">
        <Card className="overflow-hidden">
          <CardHeader
            title={
              stage === null
                ? 'Protected'
                : source.orders.length === 0
                  ? 'Not protected yet'
                  : 'Becoming safe'
            }
            about={
              stage === null
                ? 'Both commitments agree on chain; any file can be restored, anywhere, with your phrase.'
                : source.orders.length === 0
                  ? 'It has no order: nothing has left the host.'
                  : 'You may close this page: the host goes on by itself.'
            }
          />
          <CardBody>
            <JobStages at={stage} job={source.job} />
            {problem === null ? null : (
              <p
                role="alert"
                className="mt-4 flex gap-2 rounded-lg bg-bad-soft px-4 py-3 text-[0.8125rem] text-bad"
              >
                <TriangleAlert className="mt-0.5 size-4 shrink-0" aria-hidden />
                <span>
                  {problem.message} {problem.hint}
                </span>
              </p>
            )}
          </CardBody>
          {newest === undefined ? null : (
            <div className="border-t border-line">
              <Commitments
                user={newest.userPrepare}
                miner={newest.minerPrepare}
                inForce={newest.commitment}
              />
            </div>
          )}
        </Card>
        <Stats>
          <Stat label="Size" value={formatSize(source.bytes)} note={`${count(source.files)} files`} />
          <Stat
            label="Snapshots"
            value={count(source.snapshots.length)}
            note={
              source.lastSnapshotAt === null ? (
                'none yet'
              ) : (
                <When at={source.lastSnapshotAt.getTime() / 1000} />
              )
            }
          />
          <Stat
            label="Orders"
            value={count(orders.length)}
            note={`${orders.filter((order) => order.state === 'active').length} active`}
          />
          <Stat
            label="Proven on chain"
            value={newest?.commitment == null ? '–' : formatSize(newest.commitment.size)}
            note={
              newest === undefined ? (
                'no order'
              ) : newest.endsAt === 0n ? (
                'starts when both agree'
              ) : (
                <>
                  until <When at={newest.endsAt} absolute />
                </>
              )
            }
          />
        </Stats>
        <SourceSettings source={source} />
        <Card>
          <CardHeader title="Snapshots" about="Each one is the whole folder at one moment" />
          {source.snapshots.length === 0 ? (
            <p className="px-5 py-8 text-center text-[0.8125rem] text-muted">
              The first snapshot appears here when it is stored.
            </p>
          ) : (
            <Table label="Snapshots">
              <Head>
                <HeadCell>Taken</HeadCell>
                <HeadCell>State</HeadCell>
                <HeadCell align="right">Files</HeadCell>
                <HeadCell align="right">Size</HeadCell>
                <HeadCell align="right">New bytes</HeadCell>
                <HeadCell align="right">
                  <span className="sr-only">Actions</span>
                </HeadCell>
              </Head>
              <tbody>
                {source.snapshots.map((snapshot) => (
                  <Row key={snapshot.snapshotId}>
                    <Cell className="font-medium">
                      <When at={snapshot.takenAt.getTime() / 1000} absolute />
                    </Cell>
                    <Cell>
                      {snapshot.partial ? (
                        <Badge tone="warn">Partial: {count(snapshot.unreadable)} unreadable</Badge>
                      ) : (
                        <Badge tone="ok">Complete</Badge>
                      )}
                    </Cell>
                    <Cell align="right">{count(snapshot.files)}</Cell>
                    <Cell align="right">{formatSize(snapshot.bytes)}</Cell>
                    <Cell align="right">{formatSize(snapshot.addedBytes)}</Cell>
                    <Cell align="right">
                      <LinkButton
                        size="small"
                        href={`/u/sources/${source.sourceId}/snapshots/${snapshot.snapshotId}`}
                      >
                        Browse and restore
                      </LinkButton>
                    </Cell>
                  </Row>
                ))}
              </tbody>
            </Table>
          )}
        </Card>
        <Card>
          <CardHeader title="Orders" />
          <OrderTable orders={orders} none="No order holds this source yet." />
        </Card>
      </div>
    </>
  )
}

function useSource(sourceId: string) {
  const trpc = useTRPC()
  return useQuery(trpc.sources.get.queryOptions({ sourceId }))
}

export function readError(error: unknown): { message: string; hint: string } {
  const { message, hint } = (error ?? {}) as { message?: unknown; hint?: unknown }
  return { message: String(message ?? 'It failed.'), hint: String(hint ?? '') }
}
