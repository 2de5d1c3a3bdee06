'use client'

import { useQuery } from '@tanstack/react-query'
import { dmc } from '../../lib/amounts.ts'
import { useChainConfig } from '../../lib/chain-config.tsx'
import { readCredit } from '../../lib/chain-read.ts'
import { useOwner } from '../../lib/session.tsx'
import { Button } from '../../ui/button.tsx'
import { Card, CardBody, CardHeader } from '../../ui/card.tsx'
import { useReview } from '../orders/order-acts.tsx'

/** What the Market owes this wallet, and the button that pays it out. */
export function WithdrawCard({ about }: { about: string }) {
  const config = useChainConfig()
  const owner = useOwner()
  const credit = useQuery({
    queryKey: ['credit', owner],
    queryFn: () => readCredit(config, owner),
    refetchInterval: 5_000,
  })
  const { review, dialog } = useReview()
  return (
    <Card aria-label="Credit">
      <CardHeader title="Credit" about={about} />
      <CardBody className="flex flex-wrap items-center justify-between gap-3">
        <p className="tabular text-xl font-semibold tracking-tight">
          {credit.data === undefined ? (credit.error === null ? '…' : 'unknown') : dmc(credit.data, 6)}
        </p>
        {credit.data === undefined ? (
          credit.error === null ? null : (
            <Button onClick={() => credit.refetch()}>Try again</Button>
          )
        ) : credit.data === 0n ? (
          <p className="text-[0.8125rem] text-muted">Nothing to withdraw.</p>
        ) : (
          <Button look="primary" onClick={() => review({ act: 'withdraw', credit: credit.data })}>
            Withdraw
          </Button>
        )}
      </CardBody>
      {dialog}
    </Card>
  )
}
