import { formatTime } from '@dmc/core/units/format-time'
import { CircleAlert } from 'lucide-react'
import Link from 'next/link'
import { dmc } from '../../lib/amounts.ts'
import { shortHex } from '../../lib/short-hex.ts'
import type { RouterOutputs } from '../../server/router.ts'
import { Badge, type Tone } from '../../ui/badge.tsx'
import { CopyButton } from '../../ui/copy.tsx'
import { Countdown } from '../../ui/countdown.tsx'
import { Cell, Head, HeadCell, Row, Table } from '../../ui/table.tsx'
import { When } from '../../ui/when.tsx'

export type Challenge = RouterOutputs['market']['challenges'][number]

const STATES: Record<Challenge['state'], [Tone, string]> = {
  open: ['warn', 'Open'],
  answered: ['ok', 'Answered'],
  failed: ['bad', 'Not answered'],
}

/** The open challenge of an order, if there is one, with the time that is left. */
export function OpenChallenge({
  challenge,
  pledge,
  skew,
}: {
  challenge: Challenge
  pledge: bigint
  skew: number
}) {
  return (
    <div className="mb-4 flex gap-3 rounded-card border border-line bg-warn-soft px-4 py-3.5 text-[0.8125rem] text-warn sm:px-5">
      <CircleAlert className="mt-0.5 size-4 shrink-0" aria-hidden />
      <div className="min-w-0">
        <p className="font-medium">
          Challenged on chain: the miner must show leaf {String(challenge.leafIndex)}
        </p>
        <p>
          <Countdown at={challenge.deadline} over="the deadline has passed: anyone may slash" skew={skew} />
        </p>
        <p>
          With the proof the miner wins the bond of {dmc(challenge.bond)}; without it the order ends and its
          pledge of {dmc(pledge)} is slashed.
        </p>
      </div>
    </div>
  )
}

/** All challenges on chain of an order, newest first. */
export function ChallengeList({
  challenges,
  explorerUrl,
  withOrder,
}: {
  challenges: readonly Challenge[]
  explorerUrl: string | null
  /** Where orders are shown; given, each challenge names its own. */
  withOrder?: string
}) {
  if (challenges.length === 0) {
    return (
      <p className="px-5 py-8 text-center text-[0.8125rem] text-muted">
        Never challenged on chain. Checks off chain come first; a challenge is what follows when they fail.
      </p>
    )
  }
  return (
    <Table label="Challenges on chain">
      <Head>
        <HeadCell>{withOrder === undefined ? 'No.' : 'Order'}</HeadCell>
        <HeadCell>State</HeadCell>
        <HeadCell align="right">Leaf</HeadCell>
        <HeadCell align="right">Bond</HeadCell>
        <HeadCell>Opened</HeadCell>
        <HeadCell>Deadline</HeadCell>
        <HeadCell>Closed</HeadCell>
      </Head>
      <tbody>
        {challenges.map((challenge) => {
          const [tone, name] = STATES[challenge.state]
          return (
            <Row key={`${challenge.orderId} ${challenge.number}`}>
              <Cell>
                {withOrder === undefined ? (
                  challenge.number
                ) : (
                  <Link
                    href={`${withOrder}/${challenge.orderId}`}
                    className="font-medium underline-offset-3 hover:underline"
                  >
                    Order {String(challenge.orderId)}
                  </Link>
                )}
              </Cell>
              <Cell>
                <Badge tone={tone}>{name}</Badge>
              </Cell>
              <Cell align="right">{String(challenge.leafIndex)}</Cell>
              <Cell align="right">{dmc(challenge.bond)}</Cell>
              <Cell>
                <Place
                  at={challenge.openedAt}
                  block={challenge.openedBlock}
                  tx={challenge.openedTx}
                  explorerUrl={explorerUrl}
                />
              </Cell>
              <Cell className="tabular">{formatTime(challenge.deadline).replace(' UTC', '')}</Cell>
              <Cell>
                {challenge.closedAt === null || challenge.closedTx === null ? (
                  '–'
                ) : (
                  <Place
                    at={challenge.closedAt}
                    block={challenge.blockNumber}
                    tx={challenge.closedTx}
                    explorerUrl={explorerUrl}
                  />
                )}
              </Cell>
            </Row>
          )
        })}
      </tbody>
    </Table>
  )
}

function Place({
  at,
  block,
  tx,
  explorerUrl,
}: {
  at: bigint
  block: bigint
  tx: string
  explorerUrl: string | null
}) {
  return (
    <span className="grid">
      <When at={at} />
      <span className="tabular flex items-center gap-1 text-xs text-muted">
        block {String(block)} ·{' '}
        {explorerUrl === null ? (
          <span className="font-mono">{shortHex(tx)}</span>
        ) : (
          <a
            className="font-mono underline underline-offset-2"
            href={`${explorerUrl}/tx/${tx}`}
            rel="noreferrer noopener"
          >
            {shortHex(tx)}
          </a>
        )}
        <CopyButton text={tx} label="Copy the transaction" />
      </span>
    </span>
  )
}
