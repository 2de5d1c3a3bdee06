'use client'

import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { dmc } from '../../lib/amounts.ts'
import { useChainConfig } from '../../lib/chain-config.tsx'
import { errorText } from '../../lib/error-text.ts'
import { useTRPC, useTRPCClient } from '../../lib/trpc.ts'
import { useChainTime } from '../../lib/use-chain-time.ts'
import { Card, CardBody, CardHeader } from '../../ui/card.tsx'
import { Facts } from '../../ui/facts.tsx'
import type { Challenge } from '../orders/challenge-list.tsx'
import type { Order } from '../orders/order-facts.tsx'
import { TransactPanel, Trouble } from '../transactions/transact-panel.tsx'
import { useTransact } from '../transactions/use-transact.ts'
import { AnswerState } from './challenges-due.tsx'

/** How far the miner's host is with the answer, and the way out when it can't: the proof from the host, sent by the wallet. */
export function AnswerPanel({ order, challenge }: { order: Order; challenge: Challenge }) {
  const trpc = useTRPC()
  const api = useTRPCClient()
  const config = useChainConfig()
  const { now } = useChainTime()
  const transact = useTransact()
  const [problem, setProblem] = useState<unknown>(null)
  const { orderId } = order
  const answers = useQuery({
    ...trpc.orders.answers.queryOptions({ orderIds: [orderId] }),
    refetchInterval: 5_000,
  })
  const answer = answers.data?.find((each) => each.leaf === challenge.leafIndex)
  const late = now > challenge.deadline
  const answerNow = async () => {
    setProblem(null)
    try {
      const { provenAnswer } = await import('./proven-answer.ts')
      // asked and checked before anything is signed: a host that lies costs no gas
      const call = await provenAnswer(api, { order, leafIndex: challenge.leafIndex, market: config.market })
      await transact.run({ title: `Answer the challenge of order ${orderId}`, takes: 0n, call: () => call })
    } catch (error) {
      setProblem(error)
    }
  }
  const { message, hint } = errorText(problem)
  return (
    <Card className="mb-4" aria-label="Answer">
      <CardHeader
        title={`Answer with leaf ${challenge.leafIndex}`}
        about="Your host does it by itself. If it can’t send, it can still prove: your wallet sends the proof."
      />
      <CardBody className="grid gap-4 lg:grid-cols-2">
        <Facts
          className="-mt-2"
          items={[
            ['Your host', <AnswerState key="state" answer={answer} />],
            ['You win', `${dmc(challenge.bond)}, the bond`],
            ['At stake', `${dmc(order.pledge)}, the pledge`],
          ]}
        />
        <div className="grid content-start gap-3">
          <TransactPanel
            transact={transact}
            withPermit={false}
            button="Answer with my wallet"
            onClick={answerNow}
            disabled={late}
            why={
              late
                ? 'The deadline has passed.'
                : answer?.state === 'sent'
                  ? 'Your host has sent its answer: only one of the two will count.'
                  : undefined
            }
          />
          {problem === null ? null : <Trouble title={message} text={hint} />}
        </div>
      </CardBody>
    </Card>
  )
}
