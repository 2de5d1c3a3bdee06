'use client'

import { oddsSentence } from '@dmc/core/challenge/detection-odds'
import { LEAF_SIZE } from '@dmc/core/merkle/constants'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { ScanSearch } from 'lucide-react'
import { type ReactNode, useState } from 'react'
import { errorText } from '../../lib/error-text.ts'
import { useLostSince } from '../../lib/live.tsx'
import { useTRPC } from '../../lib/trpc.ts'
import type { RouterOutputs } from '../../server/router.ts'
import { Badge, type Tone } from '../../ui/badge.tsx'
import { Button } from '../../ui/button.tsx'
import { Card, CardBody, CardHeader } from '../../ui/card.tsx'
import { Facts } from '../../ui/facts.tsx'
import { ListState } from '../../ui/list-state.tsx'
import { When } from '../../ui/when.tsx'
import { Trouble } from '../transactions/transact-panel.tsx'
import type { Order } from './order-facts.tsx'
import { stripOf } from './proof-days.ts'
import { ProofStrip, ProofTable, StripLegend } from './proof-strip.tsx'
import { useProofs } from './use-proofs.ts'

export type Proof = RouterOutputs['orders']['proofs']['proofs'][number]
type Outcome = NonNullable<Proof['lastOutcome']>

export const OUTCOMES: Record<Outcome, [Tone, string, string]> = {
  passed: ['ok', 'Passed', 'The miner showed what it was asked for, and the commitment confirms it.'],
  wrong: ['bad', 'Wrong', 'What the miner showed is not what was agreed on.'],
  refused: ['bad', 'Refused', 'The miner is there and did not show it.'],
  offline: ['warn', 'Offline', 'The miner could not be reached; that says nothing of the data.'],
  unknown: ['plain', 'Unknown', 'The check could not be judged.'],
}

/** How it is known that the data is still there: the last thirty days, the odds, and a check now. */
export function ProofCard({ order }: { order: Order }) {
  const query = useProofs()
  return (
    <Card className="mb-4" aria-label="Proof">
      <CardHeader
        title="Proof"
        about="Random leaves that the miner shows to your host, checked against the commitment; the source is not needed."
        action={order.state === 'active' ? <CheckNow orderId={order.orderId} /> : undefined}
      />
      <ListState
        query={query}
        isEmpty={(data) =>
          !data.proofs.some((proof) => proof.orderId === order.orderId) &&
          !data.days.some((day) => day.orderId === order.orderId)
        }
        none={{
          title: 'Not checked yet',
          text:
            order.state === 'active'
              ? 'Your host checks it by itself, the first time right after both sides have agreed. You can also ask for it now.'
              : 'Checks begin when both sides have agreed on the data.',
        }}
        rows={3}
      >
        {(data) => {
          const strip = stripOf(
            data.days.filter((day) => day.orderId === order.orderId),
            data.today,
          )
          const proofs = data.proofs.filter((proof) => proof.orderId === order.orderId)
          return (
            <CardBody className="grid gap-4">
              <div className="grid gap-2">
                <ProofStrip strip={strip} />
                <div className="flex flex-wrap items-center justify-between gap-x-6 gap-y-1">
                  <StripLegend />
                  <p className="text-xs text-muted">last 30 days, today on the right</p>
                </div>
              </div>
              {proofs.map((proof) => (
                <HostProof key={proof.agentId} proof={proof} order={order} />
              ))}
              <details className="min-w-0 text-[0.8125rem]">
                <summary className="w-fit rounded font-medium">As a table</summary>
                <div className="mt-2 -mx-4 sm:-mx-5">
                  <ProofTable strip={strip} />
                </div>
              </details>
            </CardBody>
          )
        }}
      </ListState>
    </Card>
  )
}

function HostProof({ proof, order }: { proof: Proof; order: Order }) {
  const outcome = proof.lastOutcome === null ? null : OUTCOMES[proof.lastOutcome]
  return (
    <Facts
      className="border-t border-line"
      items={[
        [
          'Last proven',
          proof.lastProvenAt === null ? (
            'never'
          ) : (
            <When key="proven" at={proof.lastProvenAt.getTime() / 1000} />
          ),
        ],
        [
          'Last check',
          outcome === null || proof.lastAt === null ? (
            'none yet'
          ) : (
            <span
              key="last"
              className="inline-flex flex-wrap items-center justify-end gap-2"
              title={outcome[2]}
            >
              <Badge tone={outcome[0]}>{outcome[1]}</Badge>
              <When at={proof.lastAt.getTime() / 1000} />
              {proof.lastLatencyMs === null ? null : (
                <span className="text-muted">in {proof.lastLatencyMs} ms</span>
              )}
            </span>
          ),
        ],
        [
          'Next check',
          proof.nextAt === null ? 'none planned' : <When key="next" at={proof.nextAt.getTime() / 1000} />,
        ],
        [
          'By',
          `${proof.agentName}${proof.role === 'watcher' ? ' (watches for you)' : ''}${proof.online ? '' : ', offline now'}`,
        ],
        [
          'Rate',
          `${proof.checksPerDay} checks a day, ${proof.leavesPerCheck} leaves each${proof.probesLeft > 0 ? `, ${proof.probesLeft} probes left` : ''}`,
        ],
        order.commitment === null
          ? null
          : [
              'Odds',
              oddsSentence({
                leaves: order.commitment.size / BigInt(LEAF_SIZE),
                checksPerDay: proof.checksPerDay,
                leavesPerCheck: proof.leavesPerCheck,
              }),
            ],
        [
          'If a leaf is not shown',
          proof.policy === 'ask'
            ? 'it is asked for again over some minutes, then you are asked'
            : 'it is asked for again over some minutes, then challenged on chain by itself, up to your cap',
        ],
      ]}
    />
  )
}

/** Gives the host the command and says what it came to. */
function CheckNow({ orderId }: { orderId: bigint }) {
  const trpc = useTRPC()
  const queries = useQueryClient()
  const lost = useLostSince()
  const [asked, setAsked] = useState<bigint | null>(null)
  const give = useMutation(
    trpc.orders.check.mutationOptions({ onSuccess: ({ commandId }) => setAsked(commandId) }),
  )
  const command = useQuery({
    ...trpc.commands.get.queryOptions({ commandId: asked ?? 0n }),
    enabled: asked !== null,
    refetchInterval: (query) => (isOver(query.state.data?.state) ? false : 2_000),
  })
  const state = asked === null ? undefined : command.data?.state
  const running = give.isPending || (asked !== null && !isOver(state))
  return (
    <div className="flex flex-wrap items-center justify-end gap-x-3 gap-y-2">
      <span role="status" className="text-[0.8125rem]">
        {running ? (
          <span className="text-muted">
            {state === 'queued' ? 'Waiting for your host…' : 'Asking the miner…'}
          </span>
        ) : state === 'done' ? (
          <Result result={command.data?.result} />
        ) : state !== undefined || give.error !== null ? (
          <span className="text-bad">{problemOf(give.error, command.data?.error, state)}</span>
        ) : null}
      </span>
      <Button
        disabled={running || lost !== null}
        onClick={() => {
          setAsked(null)
          give.mutate(
            { orderId, requestKey: crypto.randomUUID() },
            { onSettled: () => queries.invalidateQueries(trpc.orders.proofs.pathFilter()) },
          )
        }}
      >
        <ScanSearch aria-hidden /> {running ? 'Checking…' : 'Check now'}
      </Button>
    </div>
  )
}

const isOver = (state: string | undefined) => state === 'done' || state === 'failed' || state === 'expired'

function Result({ result }: { result: unknown }) {
  const { outcome, latencyMs, leaves } = (result ?? {}) as Record<string, unknown>
  const known = OUTCOMES[String(outcome) as Outcome]
  if (known === undefined) return <Badge tone="ok">Done</Badge>
  return (
    <span className="inline-flex flex-wrap items-center gap-2">
      <Badge tone={known[0]}>{known[1]}</Badge>
      <span className="text-muted">
        {leaves === undefined || leaves === null ? '' : `${String(leaves)} leaves `}
        {latencyMs === undefined || latencyMs === null ? '' : `in ${String(latencyMs)} ms`}
      </span>
    </span>
  )
}

function problemOf(given: unknown, failed: unknown, state: string | undefined): string {
  if (given !== null && given !== undefined) return errorText(given).message
  if (state === 'expired') return 'Your host did not take it in time. Is it connected?'
  const { message, hint } = errorText(failed)
  return `${message} ${hint}`
}

const TELLS: Record<NonNullable<Proof['escalation']>['state'], (leaf: string, times: number) => string> = {
  rechecking: (leaf, times) =>
    `The miner did not show ${leaf}; it was asked ${times === 1 ? 'once' : `${times} times`} and is asked again over some minutes. A lost packet accuses nobody.`,
  asking: (leaf, times) => `The miner failed to show ${leaf} ${times} times. Challenge it on chain?`,
  opening: (leaf) => `Your host challenges ${leaf} on chain.`,
  opened: (leaf) => `The miner must show ${leaf} on chain in time, or lose its pledge.`,
  settled: (leaf) => `The matter of ${leaf} is settled.`,
}

/** What stands between a failed check and the chain, with the button that the person is asked to decide with. */
export function Escalation({
  orderId,
  challenge,
}: {
  orderId: bigint
  challenge: (leaf: bigint | null) => ReactNode
}) {
  const proofs = useProofs().data?.proofs ?? []
  const found = proofs.find((proof) => proof.orderId === orderId && proof.escalation !== null)
  const escalation = found?.escalation
  if (!escalation || escalation.state === 'settled') return null
  return (
    <div className="mb-4">
      <Trouble
        title={TELLS[escalation.state](
          escalation.leaf === null ? 'any leaf' : `leaf ${escalation.leaf}`,
          escalation.rechecks + 1,
        )}
        text={
          <span className="grid gap-2">
            <span>
              {escalation.reason} Since <When at={escalation.sinceMs / 1000} />.
            </span>
            {escalation.state === 'asking' ? (
              <span className="flex flex-wrap gap-2">{challenge(escalation.leaf)}</span>
            ) : null}
          </span>
        }
      />
    </div>
  )
}
