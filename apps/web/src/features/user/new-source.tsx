'use client'

import { OPERATOR_SCOPES } from '@dmc/core/chain/types'
import { capacityForSource } from '@dmc/core/market/capacity-for-source'
import { explainOrder } from '@dmc/core/market/explain-order'
import { matchBill } from '@dmc/core/market/match-bill'
import { formatSize } from '@dmc/core/units/format-size'
import { useQuery } from '@tanstack/react-query'
import { useRouter } from 'next/navigation'
import { useEffect, useMemo, useState } from 'react'
import { count, pay, space } from '../../lib/amounts.ts'
import { useChainConfig } from '../../lib/chain-config.tsx'
import { errorText } from '../../lib/error-text.ts'
import { useOwner } from '../../lib/session.tsx'
import { useTRPC, useTRPCClient } from '../../lib/trpc.ts'
import { useDraft } from '../../lib/use-draft.ts'
import { useMounted } from '../../lib/use-mounted.ts'
import { Card, CardBody, CardHeader } from '../../ui/card.tsx'
import { ListState } from '../../ui/list-state.tsx'
import { PageHeader } from '../../ui/page.tsx'
import { Skeleton } from '../../ui/skeleton.tsx'
import { type Agent, ChooseAgent, NoAgent } from '../agents/choose-agent.tsx'
import { FolderBrowser } from '../agents/folder-browser.tsx'
import { useGrant } from '../agents/use-grant.ts'
import { useTransact } from '../transactions/use-transact.ts'
import { ExcludesField, patternsOf } from './excludes-field.tsx'
import { PickBill } from './pick-bill.tsx'
import { ReviewOrder } from './review-order.tsx'
import { DAILY, ScheduleFields, type ScheduleWish, wishedRule } from './schedule-fields.tsx'
import { useSettled } from './use-settled.ts'

const WEEKS = 24

interface Draft {
  agentId: string
  path: string | null
  excludes: string
  schedule: ScheduleWish
  weeks: number
  /** A bill's id; JSON knows no bigint. */
  picked: string | null
  /** The source that the host has registered for this folder already. */
  sourceId: string | null
}

/** Add a source: what, where and for how long, review; one page, one button (flows 5 to 7). */
export function NewSource({
  agentId,
  billId,
  sourceId,
}: {
  agentId: string
  billId: bigint | null
  sourceId: string | null
}) {
  const trpc = useTRPC()
  const agents = useQuery(trpc.agents.list.queryOptions())
  const mounted = useMounted()
  return (
    <>
      <PageHeader
        title="Back up a folder"
        about="Pick it, see what it costs, confirm once. Everything is encrypted before it leaves the host."
      />
      <ListState
        query={agents}
        isEmpty={(all) => all.length === 0}
        none={{
          title: '',
          action: <NoAgent text="An agent on the machine with your files does the work." />,
        }}
      >
        {(all) =>
          // what was entered before is in this browser, not on the server
          mounted ? (
            <Wizard agents={usersOf(all)} first={agentId} billId={billId} existing={sourceId} />
          ) : (
            <Skeleton className="h-64 w-full" />
          )
        }
      </ListState>
    </>
  )
}

/** Hosts that back up; all of them when none says so. */
function usersOf(agents: Agent[]): Agent[] {
  const users = agents.filter((agent) => agent.roles.includes('user'))
  return users.length > 0 ? users : agents
}

function Wizard({
  agents,
  first,
  billId,
  existing,
}: {
  agents: Agent[]
  first: string
  billId: bigint | null
  existing: string | null
}) {
  const trpc = useTRPC()
  const api = useTRPCClient()
  const router = useRouter()
  const config = useChainConfig()
  const owner = useOwner()
  const known = useQuery({
    ...trpc.sources.get.queryOptions({ sourceId: existing ?? '' }),
    enabled: existing !== null,
  })
  const start: Draft = {
    agentId: first,
    path: null,
    excludes: '',
    schedule: DAILY,
    weeks: WEEKS,
    picked: billId === null ? null : String(billId),
    sourceId: null,
  }
  const { draft, change, forget } = useDraft(owner, start)
  const { excludes, schedule, weeks } = draft
  const picked = draft.picked === null ? null : BigInt(draft.picked)
  const agent =
    agents.find((each) => each.agentId === (known.data?.agentId ?? draft.agentId)) ??
    agents.find((each) => each.online) ??
    agents[0]
  const orderOf = existing ?? draft.sourceId
  const transact = useTransact(
    (each) =>
      each.kind === 'order' &&
      each.sourceId === orderOf &&
      (each.agentId ?? agent?.agentId) === agent?.agentId,
  )
  const path = known.data?.path ?? draft.path
  // a pattern is asked about when it is written, not with each letter
  const patterns = useSettled(excludes)
  const [adding, setAdding] = useState(false)
  const [failed, setFailed] = useState<unknown>(null)

  const estimate = useQuery({
    ...trpc.sources.estimate.queryOptions({
      agentId: agent?.agentId ?? '',
      path: path ?? '',
      excludes: known.data?.excludes ?? patternsOf(patterns),
    }),
    enabled: agent !== undefined && path !== null,
    staleTime: 60_000,
  })
  const bills = useQuery(trpc.market.bills.queryOptions({ openOnly: true, limit: 200 }))
  const status = useQuery(trpc.chain.status.queryOptions())
  const now = status.data?.head?.time ?? BigInt(Math.floor(Date.now() / 1000))
  const capacity =
    estimate.data === undefined
      ? null
      : capacityForSource({ bytes: BigInt(estimate.data.bytes), files: BigInt(estimate.data.files) })
  const minute = now / 60n
  // biome-ignore lint/correctness/useExhaustiveDependencies: bills don't change with each second of chain time
  const match = useMemo(
    () =>
      capacity === null || bills.data === undefined
        ? null
        : matchBill(
            bills.data.items.map((bill) => ({ ...bill, previousOfMiner: 0n })),
            { capacity, weeks },
            { user: owner, now },
          ),
    [capacity, bills.data, weeks, owner, minute],
  )
  const fit = match?.fitting.find((each) => each.bill.billId === picked) ?? match?.best ?? null
  const explained = useMemo(
    () =>
      fit === null
        ? null
        : explainOrder({
            bill: fit.bill,
            capacity: fit.capacity,
            weeks,
            challenges: 0,
            now,
            parameters: config.parameters,
          }),
    [fit, weeks, now, config.parameters],
  )
  const grant = useGrant(
    agent?.operator,
    OPERATOR_SCOPES.PREPARE | OPERATOR_SCOPES.CHALLENGE,
    // by the hour, so that it is not asked again with each block
    explained === null ? null : (explained.latestEnd / 3600n) * 3600n,
  )

  // Once it is confirmed the source's own page shows what happens.
  const { entry, already } = transact
  // biome-ignore lint/correctness/useExhaustiveDependencies: `forget` is the same whenever it is made
  useEffect(() => {
    if (entry?.state !== 'done' || entry.followUp?.kind !== 'order') return
    forget()
    router.push(`/u/sources/${entry.followUp.sourceId}`)
  }, [entry, router])
  // It was confirmed while this page was closed: what had been entered for it is used up.
  // biome-ignore lint/correctness/useExhaustiveDependencies: only what is found at the start; a second order of a source is a new one
  useEffect(() => {
    if (!already || draft.sourceId === null) return
    change(start)
    forget()
  }, [])

  if (agent === undefined) return null
  const place = async () => {
    if (path === null || explained === null || fit === null || grant.data === undefined) return
    setFailed(null)
    setAdding(true)
    try {
      let sourceId = existing
      if (sourceId === null) {
        // a second try makes no second source: the host knows the folder, and takes what is asked for now
        const registered = await api.sources.add.mutate({
          agentId: agent.agentId,
          path,
          excludes: patternsOf(excludes),
          schedule: wishedRule(schedule),
          requestKey: crypto.randomUUID(),
        })
        sourceId = registered.sourceId
        change({ sourceId })
      }
      setAdding(false)
      await transact.run({
        title: `Order ${space(fit.capacity)} from bill ${fit.bill.billId}`,
        takes: explained.total,
        call: async (permit) =>
          (await import('@dmc/core/chain/acts/create-order')).openAsUserCall(config.market, {
            permit,
            grant: grant.data.grant,
            gasFloatWei: grant.data.gasFloatWei,
            order: {
              billId: fit.bill.billId,
              expectedMiner: fit.bill.miner as `0x${string}`,
              capacity: fit.capacity,
              weeks,
              maxPrice: fit.bill.price,
              minPledgeRate: fit.bill.pledgeRate,
              maxBond: fit.bill.bond,
              challenges: 0,
            },
          }),
        followUp: { kind: 'order', sourceId, agentId: known.data?.agentId ?? agent.agentId },
      })
    } catch (error) {
      setAdding(false)
      setFailed(error)
    }
  }
  return (
    <div className="grid items-start gap-5 lg:grid-cols-[1fr_23rem]">
      <div className="grid min-w-0 gap-5">
        <Card>
          <CardHeader
            title="1. What"
            about="Only folders that the host itself allows can be seen from here."
          />
          <CardBody className="grid gap-4">
            <ChooseAgent
              agents={agents}
              chosen={agent}
              onChoose={(id) => change({ agentId: id, path: null, sourceId: null })}
            />
            {existing === null ? (
              <>
                <FolderBrowser
                  agentId={agent.agentId}
                  root="read"
                  path={path}
                  onOpen={(open) => change({ path: open, sourceId: null })}
                />
                <ExcludesField
                  id="excludes"
                  value={excludes}
                  onChange={(text) => change({ excludes: text })}
                />
              </>
            ) : (
              <p className="font-mono text-[0.8125rem] [overflow-wrap:anywhere]">{path}</p>
            )}
            <div aria-live="polite" className="text-[0.8125rem]">
              {path === null ? (
                <p className="text-muted">Open the folder that you want to back up.</p>
              ) : estimate.error !== null ? (
                <p className="text-bad">
                  {errorText(estimate.error).message} {errorText(estimate.error).hint}
                </p>
              ) : estimate.data === undefined ? (
                <p className="flex items-center gap-2 text-muted">
                  <Skeleton className="w-40" /> Counting…
                </p>
              ) : (
                <p>
                  <span className="tabular font-medium">
                    {estimate.data.done ? '' : 'more than '}
                    {count(estimate.data.files)} files, {formatSize(estimate.data.bytes)}
                  </span>
                  <span className="text-muted">
                    {' '}
                    · {space(capacity ?? 0n)} with room for later snapshots
                    {estimate.data.excluded > 0 ? ` · ${count(estimate.data.excluded)} left out` : ''}
                    {estimate.data.unreadable > 0
                      ? ` · ${count(estimate.data.unreadable)} can’t be read`
                      : ''}
                    {explained === null ? '' : ` · ${pay(explained.weekPrice)} a week`}
                  </span>
                </p>
              )}
            </div>
            {existing === null ? (
              <ScheduleFields
                id="schedule"
                value={schedule}
                onChange={(wish) => change({ schedule: wish })}
              />
            ) : null}
          </CardBody>
        </Card>
        <PickBill
          query={{ error: bills.error, retry: () => bills.refetch() }}
          match={match}
          fit={fit}
          weeks={weeks}
          onWeeks={(count) => change({ weeks: count })}
          onPick={(id) => change({ picked: String(id) })}
          waiting={
            path === null
              ? 'Choose a folder first: its size decides which bills fit.'
              : capacity === null
                ? 'Counting the folder…'
                : null
          }
        />
      </div>
      <ReviewOrder
        explained={explained}
        grant={grant.data ?? null}
        grantError={grant.error}
        transact={transact}
        onPlace={place}
        adding={adding}
        failed={failed}
        waiting={
          !agent.online
            ? `${agent.name} is offline: start its agent first.`
            : path === null
              ? 'Choose a folder first.'
              : fit === null
                ? 'No bill fits yet.'
                : null
        }
      />
    </div>
  )
}
