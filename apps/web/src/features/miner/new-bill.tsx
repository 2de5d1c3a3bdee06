'use client'

import type { BillTerms } from '@dmc/core/chain/acts/terms'
import { OPERATOR_SCOPES } from '@dmc/core/chain/types'
import { MIB } from '@dmc/core/market/capacity-for-source'
import { pledge } from '@dmc/core/market/pledge'
import { roundPriceUp, weekPrice } from '@dmc/core/market/week-price'
import { formatSize } from '@dmc/core/units/format-size'
import { formatTime } from '@dmc/core/units/format-time'
import { formatTokensExact } from '@dmc/core/units/format-tokens'
import { parseTokens } from '@dmc/core/units/parse-tokens'
import { useQuery } from '@tanstack/react-query'
import { useRouter } from 'next/navigation'
import { useEffect, useState } from 'react'
import { count, dmc, eth, pay, space } from '../../lib/amounts.ts'
import { useChainConfig } from '../../lib/chain-config.tsx'
import { errorText } from '../../lib/error-text.ts'
import { scopeNames } from '../../lib/scopes.ts'
import { useOwner } from '../../lib/session.tsx'
import { useTRPC, useTRPCClient } from '../../lib/trpc.ts'
import { useDraft } from '../../lib/use-draft.ts'
import { useMounted } from '../../lib/use-mounted.ts'
import type { RouterOutputs } from '../../server/router.ts'
import { Card, CardBody, CardHeader } from '../../ui/card.tsx'
import { Facts } from '../../ui/facts.tsx'
import { Field, UnitInput } from '../../ui/field.tsx'
import { ListState } from '../../ui/list-state.tsx'
import { PageHeader } from '../../ui/page.tsx'
import { Skeleton } from '../../ui/skeleton.tsx'
import { type Agent, ChooseAgent, NoAgent } from '../agents/choose-agent.tsx'
import { FolderBrowser } from '../agents/folder-browser.tsx'
import { useGrant } from '../agents/use-grant.ts'
import { TransactPanel, Trouble } from '../transactions/transact-panel.tsx'
import { useTransact } from '../transactions/use-transact.ts'
import { medianPrice, pricePercentile } from './price-position.ts'

type Sector = RouterOutputs['sectors']['list'][number]

/** Offer space: place and size, terms, review; one page, one button (flows 1 to 3). */
export function NewBill({ agentId, sectorId }: { agentId: string; sectorId: string | null }) {
  const trpc = useTRPC()
  const agents = useQuery(trpc.agents.list.queryOptions())
  const mounted = useMounted()
  const sectors = useQuery(trpc.sectors.list.queryOptions())
  return (
    <>
      <PageHeader
        title="Offer space"
        about="Choose where it lies, set your price, confirm once. Orders then arrive by themselves."
      />
      <ListState
        query={agents}
        isEmpty={(all) => all.length === 0}
        none={{ title: '', action: <NoAgent text="An agent on the machine with the disk does the work." /> }}
      >
        {(all) =>
          // what was entered before is in this browser, not on the server
          mounted ? (
            <Wizard
              agents={all}
              first={agentId}
              sector={sectors.data?.find((each) => each.sectorId === sectorId) ?? null}
            />
          ) : (
            <Skeleton className="h-64 w-full" />
          )
        }
      </ListState>
    </>
  )
}

interface Draft {
  agentId: string
  path: string | null
  /** As typed; empty is what is proposed. */
  gib: string
  price: string
  rate: string
  minWeeks: string
  maxWeeks: string
  openWeeks: string
  bond: string
  step: string
  /** The sector that was registered already, so that a second try makes no second one. */
  added: { agentId: string; path: string; gib: string; sectorId: string } | null
}

const START: Draft = {
  agentId: '',
  path: null,
  gib: '',
  price: '',
  rate: '4',
  minWeeks: '1',
  maxWeeks: '52',
  openWeeks: '52',
  bond: '1',
  step: '1',
  added: null,
}

/** The price when nobody else offers: a start to change, said as such. */
const FIRST_PRICE = 10n ** 16n

function Wizard({ agents, first, sector }: { agents: Agent[]; first: string; sector: Sector | null }) {
  const trpc = useTRPC()
  const api = useTRPCClient()
  const router = useRouter()
  const config = useChainConfig()
  const { draft, change, forget } = useDraft(useOwner(), { ...START, agentId: first })
  const { gib, price, rate, minWeeks, maxWeeks, openWeeks, bond, step, added } = draft
  const miners = agents.filter((agent) => agent.roles.includes('miner'))
  const candidates = miners.length > 0 ? miners : agents
  const agent =
    candidates.find((each) => each.agentId === (sector?.agentId ?? draft.agentId)) ??
    candidates.find((each) => each.online) ??
    candidates[0]
  const billOf = sector?.sectorId ?? added?.sectorId
  const transact = useTransact(
    (each) =>
      each.kind === 'bill' && each.sectorId === billOf && (each.agentId ?? agent?.agentId) === agent?.agentId,
  )
  const path = sector?.path ?? draft.path
  const mounts = useQuery({
    ...trpc.agents.mounts.queryOptions({ agentId: agent?.agentId ?? '' }),
    enabled: agent?.online === true,
  })
  const bills = useQuery(trpc.market.bills.queryOptions({ openOnly: true, limit: 200 }))
  const status = useQuery(trpc.chain.status.queryOptions())
  const prices = (bills.data?.items ?? []).map((bill) => bill.price)
  const median = medianPrice(prices)

  const mount = mountOf(path, mounts.data ?? [])
  const suggestedGib = mount === undefined ? 10 : Math.max(1, Math.floor((mount.freeBytes * 0.8) / 2 ** 30))
  const sizeText =
    gib === ''
      ? sector === null
        ? String(Math.min(suggestedGib, 1_000))
        : String(sector.free / 2n ** 30n)
      : gib
  const [adding, setAdding] = useState(false)
  const [failed, setFailed] = useState<unknown>(null)

  const now = status.data?.head?.time ?? BigInt(Math.floor(Date.now() / 1000))
  const priceText = price === '' ? formatTokensExact(median ?? FIRST_PRICE) : price
  const read = readTerms({
    sizeText,
    priceText,
    rate,
    minWeeks,
    maxWeeks,
    openWeeks,
    bond,
    step,
    now,
    week: config.parameters.week,
  })
  const terms = 'terms' in read ? read.terms : null
  const locked = terms === null ? 0n : pledge(terms.price, terms.capacity, terms.pledgeRate)
  const percentile = terms === null ? null : pricePercentile(terms.price, prices)
  const until =
    terms === null
      ? null
      : ((terms.expiresAt +
          config.parameters.prepareWindow +
          BigInt(terms.maxWeeks) * config.parameters.week) /
          3600n) *
        3600n
  const grant = useGrant(
    agent?.operator,
    OPERATOR_SCOPES.PREPARE | OPERATOR_SCOPES.REFUSE | OPERATOR_SCOPES.ENDPOINT,
    until,
  )

  const { entry, already } = transact
  // biome-ignore lint/correctness/useExhaustiveDependencies: `forget` is the same whenever it is made
  useEffect(() => {
    if (entry?.state !== 'done' || entry.followUp?.kind !== 'bill') return
    forget()
    router.push('/m')
  }, [entry, router])
  // It was confirmed while this page was closed: what had been entered for it is used up.
  // biome-ignore lint/correctness/useExhaustiveDependencies: only what is found at the start; a second order of a source is a new one
  useEffect(() => {
    if (!already || added === null) return
    change({ ...START, agentId: first })
    forget()
  }, [])

  if (agent === undefined) return null
  const waiting = !agent.online
    ? `${agent.name} is offline: start its agent first.`
    : path === null
      ? 'Choose a folder first.'
      : 'problem' in read
        ? read.problem
        : agent.endpoint === null
          ? 'The host has not told where it answers yet: one moment.'
          : null
  const publish = async () => {
    if (path === null || terms === null || grant.data === undefined || agent.endpoint === null) return
    const { endpoint } = agent
    setFailed(null)
    setAdding(true)
    try {
      let sectorId = sector?.sectorId ?? null
      const same = added?.path === path && added.gib === sizeText && added.agentId === agent.agentId
      if (sectorId === null && same) sectorId = added.sectorId
      if (sectorId === null) {
        const registered = await api.sectors.add.mutate({
          agentId: agent.agentId,
          path,
          sizeBytes: terms.capacity * MIB,
          requestKey: crypto.randomUUID(),
        })
        sectorId = registered.sectorId
        change({ added: { agentId: agent.agentId, path, gib: sizeText, sectorId } })
      }
      setAdding(false)
      await transact.run({
        title: `Bill over ${space(terms.capacity)}`,
        takes: locked,
        call: async (permit) =>
          (await import('@dmc/core/chain/acts/create-bill')).openAsMinerCall(config.market, {
            permit,
            grant: grant.data.grant,
            gasFloatWei: grant.data.gasFloatWei,
            bill: terms,
            endpoint,
          }),
        followUp: { kind: 'bill', sectorId, agentId: sector?.agentId ?? agent.agentId },
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
          <CardHeader title="1. Where" about="A folder on the host’s disk, and how much of it may be used." />
          <CardBody className="grid gap-4">
            <ChooseAgent
              agents={candidates}
              chosen={agent}
              onChoose={(id) => change({ agentId: id, path: null })}
            />
            {sector === null ? (
              <FolderBrowser
                agentId={agent.agentId}
                root="sector"
                path={path}
                onOpen={(open) => change({ path: open })}
              />
            ) : (
              <p className="font-mono text-[0.8125rem] [overflow-wrap:anywhere]">{path}</p>
            )}
            <Field
              id="size"
              label="Space to offer"
              hint={
                mount === undefined
                  ? undefined
                  : `${formatSize(mount.freeBytes)} of ${formatSize(mount.totalBytes)} are free on ${mount.path}`
              }
            >
              <UnitInput
                id="size"
                unit="GiB"
                value={sizeText}
                onChange={(event) => change({ gib: event.target.value })}
                className="max-w-56"
              />
            </Field>
          </CardBody>
        </Card>
        <Card>
          <CardHeader title="2. Terms" about="Fixed for this bill’s orders; a new bill may have others." />
          <CardBody className="grid gap-4">
            <Field
              id="price"
              label="Price"
              hint={
                bills.data === undefined
                  ? 'Reading the market…'
                  : median === null
                    ? 'There is no other open bill: you make the price.'
                    : `Cheaper than ${100 - (percentile ?? 0)} % of ${count(prices.length)} open ${prices.length === 1 ? 'bill' : 'bills'}; the median is ${formatTokensExact(median)} DMC.`
              }
            >
              <UnitInput
                id="price"
                unit="DMC/GiB-wk"
                value={priceText}
                onChange={(event) => change({ price: event.target.value })}
                className="max-w-72"
              />
            </Field>
            {percentile === null ? null : (
              <div aria-hidden className="relative h-1.5 max-w-72 rounded-full bg-raised">
                <span
                  className="absolute top-1/2 size-3.5 -translate-x-1/2 -translate-y-1/2 rounded-full border-2 border-surface bg-accent shadow-card"
                  style={{ left: `${Math.min(97, Math.max(3, percentile))}%` }}
                />
              </div>
            )}
            <div className="grid gap-4 sm:grid-cols-3">
              <Field id="rate" label="Pledge rate" hint="Times a week’s price">
                <UnitInput
                  id="rate"
                  unit="×"
                  inputMode="numeric"
                  value={rate}
                  onChange={(event) => change({ rate: event.target.value })}
                />
              </Field>
              <Field id="min" label="Weeks from">
                <UnitInput
                  id="min"
                  unit="weeks"
                  inputMode="numeric"
                  value={minWeeks}
                  onChange={(event) => change({ minWeeks: event.target.value })}
                />
              </Field>
              <Field id="max" label="Weeks to">
                <UnitInput
                  id="max"
                  unit="weeks"
                  inputMode="numeric"
                  value={maxWeeks}
                  onChange={(event) => change({ maxWeeks: event.target.value })}
                />
              </Field>
            </div>
            <details>
              <summary className="w-fit rounded text-[0.8125rem] font-medium text-muted">More</summary>
              <div className="mt-3 grid gap-4 sm:grid-cols-3">
                <Field id="open" label="Open for" hint="Takes orders so long">
                  <UnitInput
                    id="open"
                    unit="weeks"
                    inputMode="numeric"
                    value={openWeeks}
                    onChange={(event) => change({ openWeeks: event.target.value })}
                  />
                </Field>
                <Field id="bond" label="Bond of a challenge" hint="What asking you on chain costs">
                  <UnitInput
                    id="bond"
                    unit="DMC"
                    value={bond}
                    onChange={(event) => change({ bond: event.target.value })}
                  />
                </Field>
                <Field id="step" label="Step" hint="Orders take whole ones">
                  <UnitInput
                    id="step"
                    unit="GiB"
                    inputMode="numeric"
                    value={step}
                    onChange={(event) => change({ step: event.target.value })}
                  />
                </Field>
              </div>
            </details>
          </CardBody>
        </Card>
      </div>
      <Card className="lg:sticky lg:top-20">
        <CardHeader title="3. Review" about="One permit and one transaction." />
        <CardBody className="grid gap-4">
          {terms === null ? (
            <p className="text-[0.8125rem] text-muted">Pledge and income appear here.</p>
          ) : (
            <>
              <div>
                <p className="text-xs text-muted">Pledged now</p>
                <p className="tabular text-2xl font-semibold tracking-tight">{pay(locked)}</p>
                <p className="text-xs text-muted">
                  comes back when orders end well; lost for data that can’t be proven
                </p>
              </div>
              <Facts
                className="border-y border-line"
                items={[
                  ['Space', space(terms.capacity)],
                  ['If all is sold', `${dmc(weekPrice(terms.price, terms.capacity))} a week`],
                  ['Orders', `${terms.minWeeks} to ${terms.maxWeeks} weeks`],
                  ['Taken until', formatTime(terms.expiresAt).slice(0, 10)],
                  ['Answers at', agent.endpoint?.split('#')[0] ?? '…'],
                ]}
              />
              {grant.data?.grant == null ? null : (
                <p className="text-xs text-muted">
                  Also lets the host’s key {scopeNames(grant.data.grant.scopes).join(', ')} until{' '}
                  {formatTime(grant.data.grant.expiresAt).slice(0, 10)}
                  {grant.data.gasFloatWei > 0n ? `, with ${eth(grant.data.gasFloatWei)} for its gas` : ''}. It
                  can never move your DMC.
                </p>
              )}
            </>
          )}
          <TransactPanel
            transact={transact}
            withPermit
            button={adding ? 'Registering the folder…' : 'Publish the bill'}
            onClick={publish}
            disabled={waiting !== null || adding || grant.data === undefined}
            why={waiting ?? undefined}
          />
          {failed == null && grant.error == null ? null : (
            <Trouble
              title={errorText(failed ?? grant.error).message}
              text={errorText(failed ?? grant.error).hint}
            />
          )}
        </CardBody>
      </Card>
    </div>
  )
}

/** The file system that holds a path: the longest mount point that begins it. */
function mountOf<M extends { path: string }>(path: string | null, mounts: readonly M[]): M | undefined {
  if (path === null) return undefined
  return mounts
    .filter((mount) => path === mount.path || path.startsWith(mount.path === '/' ? '/' : `${mount.path}/`))
    .sort((a, b) => b.path.length - a.path.length)[0]
}

interface TermsText {
  sizeText: string
  priceText: string
  rate: string
  minWeeks: string
  maxWeeks: string
  openWeeks: string
  bond: string
  step: string
  now: bigint
  week: bigint
}

/** The terms as the Market takes them, or what is wrong with what was typed. */
function readTerms(typed: TermsText): { terms: BillTerms } | { problem: string } {
  const whole = (text: string, name: string, most: number) => {
    const value = Number(text)
    if (!/^\d{1,9}$/.test(text.trim()) || value < 1 || value > most)
      throw `${name}: a whole number from 1 to ${count(most)}.`
    return value
  }
  try {
    const gib = Number(typed.sizeText)
    if (!Number.isFinite(gib) || gib < 1 / 1024 || gib > 4_000_000) throw 'Space: how many GiB?'
    const step = BigInt(whole(typed.step, 'Step', 1_000_000)) * 1024n
    const wish = BigInt(Math.floor(gib * 1024))
    const capacity = (wish / step) * step
    if (capacity === 0n) throw `Space: at least one step of ${space(step)}.`
    const minWeeks = whole(typed.minWeeks, 'Weeks from', 1_000)
    const maxWeeks = whole(typed.maxWeeks, 'Weeks to', 1_000)
    if (minWeeks > maxWeeks) throw 'Weeks: “from” is more than “to”.'
    const price = roundPriceUp(parseTokens(typed.priceText), step)
    if (price === 0n) throw 'Price: more than 0.'
    return {
      terms: {
        capacity,
        step,
        price,
        pledgeRate: whole(typed.rate, 'Pledge rate', 65_535),
        minWeeks,
        maxWeeks,
        bond: parseTokens(typed.bond),
        expiresAt: typed.now + BigInt(whole(typed.openWeeks, 'Open for', 104)) * typed.week - 600n,
      },
    }
  } catch (wrong) {
    return { problem: typeof wrong === 'string' ? wrong : errorText(wrong).message }
  }
}
