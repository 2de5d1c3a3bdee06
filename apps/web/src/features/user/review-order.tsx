'use client'

import type { OrderExplanation } from '@dmc/core/market/explain-order'
import { formatTime } from '@dmc/core/units/format-time'
import { dmc, eth, pay, space, weeksText } from '../../lib/amounts.ts'
import { errorText } from '../../lib/error-text.ts'
import { scopeNames } from '../../lib/scopes.ts'
import { Card, CardBody, CardHeader } from '../../ui/card.tsx'
import { Facts } from '../../ui/facts.tsx'
import type { GrantNeeded } from '../agents/use-grant.ts'
import { TransactPanel, Trouble } from '../transactions/transact-panel.tsx'
import type { useTransact } from '../transactions/use-transact.ts'

/** Everything that must be known before an order is signed, beside the button that signs it (flow 7). */
export function ReviewOrder({
  explained,
  grant,
  grantError,
  transact,
  onPlace,
  adding,
  failed,
  waiting,
}: {
  explained: OrderExplanation | null
  grant: GrantNeeded | null
  grantError: unknown
  transact: ReturnType<typeof useTransact>
  onPlace: () => void
  adding: boolean
  failed: unknown
  waiting: string | null
}) {
  const error = failed ?? grantError
  return (
    <Card className="lg:sticky lg:top-20">
      <CardHeader title="3. Review" about="One permit and one transaction." />
      <CardBody className="grid gap-4">
        {explained === null ? (
          <p className="text-[0.8125rem] text-muted">Cost, pledge and end date appear here.</p>
        ) : (
          <>
            <div>
              <p className="text-xs text-muted">To pay now</p>
              <p className="tabular text-2xl font-semibold tracking-tight">{pay(explained.total)}</p>
              <p className="text-xs text-muted">held by the Market, paid to the miner week by week</p>
            </div>
            <Facts
              className="border-y border-line"
              items={[
                ['Capacity', space(explained.capacity)],
                ['Price', `${pay(explained.weekPrice)} a week`],
                ['Term', weeksText(explained.weeks)],
                ['Ends', `about ${formatTime(explained.earliestEnd).slice(0, 10)}`],
                ['Miner pledges', dmc(explained.pledge)],
                ['Yours if it fails', dmc(explained.pledgeForUser)],
                [
                  'If it never starts',
                  `full refund by ${formatTime(explained.refundableAfter).slice(0, 10)}`,
                ],
              ]}
            />
            {grant?.grant == null ? null : (
              <p className="text-xs text-muted">
                Also lets the host’s key {scopeNames(grant.grant.scopes).join(' and ')} until{' '}
                {formatTime(grant.grant.expiresAt).slice(0, 10)}
                {grant.gasFloatWei > 0n ? `, with ${eth(grant.gasFloatWei)} for its gas` : ''}. It can never
                move your DMC.
              </p>
            )}
          </>
        )}
        <TransactPanel
          transact={transact}
          withPermit
          button={adding ? 'Registering the folder…' : 'Place the order'}
          onClick={onPlace}
          disabled={explained === null || grant === null || adding || waiting !== null}
          why={waiting ?? undefined}
        />
        {error == null ? null : <Trouble title={errorText(error).message} text={errorText(error).hint} />}
      </CardBody>
    </Card>
  )
}
