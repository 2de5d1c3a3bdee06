'use client'

import { useQuery } from '@tanstack/react-query'
import { Server } from 'lucide-react'
import Link from 'next/link'
import { dmc, eth } from '../../lib/amounts.ts'
import { sum } from '../../lib/bigints.ts'
import { useChainConfig } from '../../lib/chain-config.tsx'
import { useOwner } from '../../lib/session.tsx'
import { useTRPC } from '../../lib/trpc.ts'
import { useChainTime } from '../../lib/use-chain-time.ts'
import type { RouterOutputs } from '../../server/router.ts'
import { Badge, type Tone } from '../../ui/badge.tsx'
import { LinkButton } from '../../ui/button.tsx'
import { Card, CardHeader } from '../../ui/card.tsx'
import { Countdown } from '../../ui/countdown.tsx'
import { ListState } from '../../ui/list-state.tsx'
import { Stat, Stats } from '../../ui/stat.tsx'
import { Cell, Head, HeadCell, Row, Table } from '../../ui/table.tsx'
import { When } from '../../ui/when.tsx'
import { ChallengeList } from '../orders/challenge-list.tsx'

type Answer = RouterOutputs['orders']['answers'][number]
type Agent = RouterOutputs['agents']['list'][number]

const STATES: Record<Answer['state'], [Tone, string]> = {
  waiting: ['busy', 'Being proven'],
  proven: ['busy', 'Proven, to be sent'],
  sent: ['busy', 'Sent'],
  confirmed: ['ok', 'Answered'],
  failed: ['bad', 'Failed'],
}

/** What the miner must show on chain, the nearest deadline first, and how far its hosts are with it. */
export function ChallengesDue() {
  const trpc = useTRPC()
  const owner = useOwner()
  const config = useChainConfig()
  const { skew } = useChainTime()
  const due = useQuery({
    ...trpc.market.challenges.queryOptions({ miner: owner, states: ['open'], limit: 200 }),
    refetchInterval: 5_000,
  })
  const past = useQuery(
    trpc.market.challenges.queryOptions({ miner: owner, states: ['answered', 'failed'], limit: 100 }),
  )
  const answers = useQuery(trpc.orders.answers.queryOptions({}))
  const orders = useQuery(trpc.market.orders.queryOptions({ miner: owner, limit: 200 }))
  const agents = useQuery(trpc.agents.list.queryOptions())
  const pledgeOf = (orderId: bigint) => orders.data?.items.find((order) => order.orderId === orderId)?.pledge
  const miners = (agents.data ?? []).filter((agent) => agent.roles.includes('miner'))
  const won = past.data?.filter((each) => each.state === 'answered') ?? []
  return (
    <div className="grid gap-4">
      <Stats>
        <Stat
          label="Due now"
          value={due.data === undefined ? '…' : due.data.length}
          note={
            due.data?.[0] === undefined ? (
              'nothing is asked'
            ) : (
              <Countdown at={due.data[0].deadline} skew={skew} />
            )
          }
        />
        <Stat
          label="Pledge at stake"
          value={
            due.data === undefined || orders.data === undefined
              ? '…'
              : dmc(sum(due.data.map((each) => pledgeOf(each.orderId) ?? 0n)))
          }
          note="lost if a deadline is missed"
        />
        <Stat
          label="Answered"
          value={past.data === undefined ? '…' : won.length}
          note={
            past.data === undefined ? undefined : `${dmc(sum(won.map((each) => each.bond)))} of bonds won`
          }
        />
        <Stat
          label="Missed"
          value={past.data === undefined ? '…' : past.data.length - won.length}
          note="each has ended its order"
        />
      </Stats>
      <Card>
        <CardHeader
          title="Challenges due"
          about="Your hosts answer by themselves, from the chain; you are needed only if none of them can."
        />
        <ListState
          query={due}
          isEmpty={(data) => data.length === 0}
          none={{ title: 'Nothing is asked', text: 'No order of yours is challenged on chain.' }}
          rows={2}
        >
          {(data) => (
            <Table label="Challenges due">
              <Head>
                <HeadCell>Order</HeadCell>
                <HeadCell>Deadline</HeadCell>
                <HeadCell align="right">Leaf</HeadCell>
                <HeadCell align="right">Bond</HeadCell>
                <HeadCell align="right">Pledge at stake</HeadCell>
                <HeadCell>Your host</HeadCell>
                <HeadCell align="right">
                  <span className="sr-only">Actions</span>
                </HeadCell>
              </Head>
              <tbody>
                {data.map((challenge) => {
                  const answer = answers.data?.find(
                    (each) => each.orderId === challenge.orderId && each.leaf === challenge.leafIndex,
                  )
                  const pledge = pledgeOf(challenge.orderId)
                  return (
                    <Row key={`${challenge.orderId} ${challenge.number}`}>
                      <Cell>
                        <Link
                          href={`/m/orders/${challenge.orderId}`}
                          className="font-medium underline-offset-3 hover:underline"
                        >
                          Order {String(challenge.orderId)}
                        </Link>
                      </Cell>
                      <Cell>
                        <Countdown at={challenge.deadline} over="missed" skew={skew} />
                      </Cell>
                      <Cell align="right">{String(challenge.leafIndex)}</Cell>
                      <Cell align="right">{dmc(challenge.bond)}</Cell>
                      <Cell align="right">{pledge === undefined ? '…' : dmc(pledge)}</Cell>
                      <Cell>
                        <AnswerState answer={answer} />
                      </Cell>
                      <Cell align="right">
                        <LinkButton size="small" href={`/m/orders/${challenge.orderId}`}>
                          Answer<span className="sr-only"> order {String(challenge.orderId)}</span>
                        </LinkButton>
                      </Cell>
                    </Row>
                  )
                })}
              </tbody>
            </Table>
          )}
        </ListState>
      </Card>
      <Card>
        <CardHeader
          title="Hosts that answer"
          about="A host needs to be connected to the chain, with a key that may act and has gas."
        />
        <ListState
          query={agents}
          isEmpty={() => miners.length === 0}
          none={{
            title: 'No host has the miner’s role',
            text: 'Nobody would answer for you.',
            action: <LinkButton href="/pair">Pair a host</LinkButton>,
          }}
          rows={2}
        >
          {() => (
            <ul className="divide-y divide-line">
              {miners.map((agent) => (
                <HostHealth key={agent.agentId} agent={agent} />
              ))}
            </ul>
          )}
        </ListState>
      </Card>
      <Card>
        <CardHeader title="Past challenges" />
        <ListState
          query={past}
          isEmpty={(data) => data.length === 0}
          none={{ title: 'None yet', text: 'Challenges that were answered, or missed, stay here.' }}
          rows={2}
        >
          {(data) => (
            <ChallengeList challenges={data} explorerUrl={config.explorerUrl} withOrder="/m/orders" />
          )}
        </ListState>
      </Card>
    </div>
  )
}

export function AnswerState({ answer }: { answer: Answer | undefined }) {
  if (answer === undefined) return <Badge tone="warn">No host has said anything</Badge>
  const [tone, name] = STATES[answer.state]
  return (
    <span className="grid gap-0.5">
      <Badge tone={tone} className="w-fit">
        {name}
      </Badge>
      <span className="text-xs text-muted">
        {answer.agentName}
        {answer.attempts > 1 ? `, ${answer.attempts} attempts` : ''}
        {answer.online ? '' : ', offline now'}
      </span>
      {answer.error === null ? null : (
        <span className="max-w-80 text-xs whitespace-normal text-bad">
          {answer.error.message} {answer.error.hint}
        </span>
      )}
    </span>
  )
}

function HostHealth({ agent }: { agent: Agent }) {
  const now = Date.now() / 1000
  const expires = agent.operatorExpiresAt === null ? null : Number(agent.operatorExpiresAt)
  const wrong = [
    agent.online ? null : 'offline',
    expires !== null && expires < now ? 'its key has expired' : null,
    agent.gasWei === 0n ? 'its key has no gas' : null,
    agent.chainError === null ? null : 'it can’t read the chain',
  ].filter((each) => each !== null)
  return (
    <li className="flex flex-wrap items-center justify-between gap-x-6 gap-y-1 px-4 py-3 text-[0.8125rem] sm:px-5">
      <span className="flex items-center gap-2 font-medium">
        <Server className="size-4 text-muted" aria-hidden />
        {agent.name}
      </span>
      <span className="text-muted">
        {agent.gasWei === null ? 'gas unknown' : `${eth(agent.gasWei)} for gas`}
        {expires === null || expires === 0 ? '' : ' · key until '}
        {expires === null || expires === 0 ? null : <When at={expires} />}
      </span>
      {wrong.length === 0 ? (
        <Badge tone="ok">Ready to answer</Badge>
      ) : (
        <Badge tone="bad">{wrong.join(', ')}</Badge>
      )}
    </li>
  )
}
