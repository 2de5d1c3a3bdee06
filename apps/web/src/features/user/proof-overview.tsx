'use client'

import Link from 'next/link'
import { count } from '../../lib/amounts.ts'
import { Badge } from '../../ui/badge.tsx'
import { Card, CardBody, CardHeader } from '../../ui/card.tsx'
import { ListState } from '../../ui/list-state.tsx'
import { When } from '../../ui/when.tsx'
import { stripOf } from '../orders/proof-days.ts'
import { ProofStrip, ProofTable, StripLegend } from '../orders/proof-strip.tsx'
import { useProofs } from '../orders/use-proofs.ts'

/** All checks of all active orders, day by day, and which orders are in doubt. */
export function ProofOverview({ orders }: { orders: bigint[] }) {
  const query = useProofs()
  return (
    <Card aria-label="Proof">
      <CardHeader title="Proof" about="What your miners showed of your data, all active orders together" />
      <ListState
        query={query}
        isEmpty={(data) => !data.days.some((day) => orders.includes(day.orderId))}
        none={{
          title: 'Not checked yet',
          text: 'Your hosts check each order by themselves, the first time right after both sides have agreed.',
        }}
        rows={2}
      >
        {(data) => {
          const strip = stripOf(
            data.days.filter((day) => orders.includes(day.orderId)),
            data.today,
          )
          const mine = data.proofs.filter((proof) => orders.includes(proof.orderId))
          const proven = mine
            .map((proof) => proof.lastProvenAt?.getTime() ?? 0)
            .reduce((a, b) => Math.max(a, b), 0)
          const doubtful = mine.filter(
            (proof) => proof.escalation !== null && proof.escalation.state !== 'settled',
          )
          return (
            <CardBody className="grid gap-3">
              <ProofStrip strip={strip} />
              <div className="flex flex-wrap items-center justify-between gap-x-6 gap-y-1">
                <StripLegend />
                <p className="text-xs text-muted">
                  {proven === 0 ? (
                    'nothing proven yet'
                  ) : (
                    <>
                      last proven <When at={proven / 1000} />
                    </>
                  )}
                </p>
              </div>
              {doubtful.map((proof) => (
                <p
                  key={`${proof.agentId} ${proof.orderId}`}
                  className="flex flex-wrap items-center gap-2 text-[0.8125rem]"
                >
                  <Badge tone="bad">In doubt</Badge>
                  <Link
                    href={`/u/orders/${proof.orderId}`}
                    className="font-medium underline underline-offset-3"
                  >
                    Order {String(proof.orderId)}
                  </Link>
                  <span className="text-muted">
                    {proof.escalation?.leaf == null ? 'data' : `leaf ${proof.escalation.leaf}`} was not shown{' '}
                    {count((proof.escalation?.rechecks ?? 0) + 1)} times
                  </span>
                </p>
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
