'use client'

import { lazy, type ReactNode, Suspense, useState } from 'react'
import { useChainConfig } from '../../lib/chain-config.tsx'
import { useOwner } from '../../lib/session.tsx'
import { useChainTime } from '../../lib/use-chain-time.ts'
import { Button } from '../../ui/button.tsx'
import { Card, CardHeader } from '../../ui/card.tsx'
import { actsOf, type OfferedAct, type OrderAct } from './acts-of.ts'
import type { ActSubject } from './explain-act.ts'
import type { Order } from './order-facts.tsx'

// what reviews and signs is loaded when somebody is about to
const ActDialog = lazy(() => import('./act-dialog.tsx'))

/** What a button says, and what it is for. */
export const ACT_WORDS: Record<OrderAct, { button: string; about: string; danger?: true }> = {
  extend: { button: 'Extend', about: 'Add weeks at the same price.' },
  shorten: { button: 'Shorten', about: 'End it earlier; the excess comes back at once.' },
  topUp: {
    button: 'Top up',
    about: 'Put bonds for challenges into the reserve; what is not used comes back.',
  },
  challenge: { button: 'Challenge', about: 'Make the miner show one leaf on chain, or lose its pledge.' },
  claim: { button: 'Claim', about: 'Credit what was earned until a week ago.' },
  finish: { button: 'Finish', about: 'It is over: settle it, pledge and reserve go back.' },
  slash: {
    button: 'Slash',
    about: 'The deadline of a challenge was missed: end the order and take the pledge.',
    danger: true,
  },
  end: { button: 'End now', about: 'It ends when both sides want it.' },
  quit: {
    button: 'Give notice',
    about: 'Leave after the notice; the user gets a part of the pledge.',
    danger: true,
  },
  cancelOrder: { button: 'Cancel', about: 'It has not started: everything goes back.', danger: true },
  refuse: { button: 'Refuse', about: 'Give a preparing order back, in full and at once.', danger: true },
}

/**
 * The review of an act, and how it is opened. Held by what stays on the page when the act is done: buttons go with the state that they
 * were for, and the review must still tell how it ended.
 */
export function useReview(): { review: (subject: ActSubject) => void; dialog: ReactNode } {
  const [subject, setSubject] = useState<ActSubject | null>(null)
  return {
    review: setSubject,
    dialog:
      subject === null ? null : (
        <Suspense fallback={null}>
          <ActDialog subject={subject} onClose={() => setSubject(null)} />
        </Suspense>
      ),
  }
}

/** Everything that this wallet can do with an order; what it can't do now says why. */
export function OrderActs({ order }: { order: Order }) {
  const owner = useOwner()
  const { parameters } = useChainConfig()
  const { now } = useChainTime()
  const { review, dialog } = useReview()
  const acts = actsOf(order, { wallet: owner, now, parameters })
  return (
    <>
      {acts.length === 0 ? null : (
        <Card className="mb-4" aria-label="Acts">
          <CardHeader
            title="What you can do"
            about="Each is shown in plain words before your wallet is asked."
          />
          <ul className="grid sm:grid-cols-2">
            {acts.map((offered) => (
              <li
                key={offered.act}
                className="-mt-px flex items-start justify-between gap-4 border-t border-line px-4 py-3.5 sm:px-5"
              >
                <p className="min-w-0 text-[0.8125rem] text-muted">
                  {offered.why ?? ACT_WORDS[offered.act].about}
                </p>
                <ActButton order={order} offered={offered} review={review} />
              </li>
            ))}
          </ul>
        </Card>
      )}
      {dialog}
    </>
  )
}

/** A button that opens the review of one act. */
export function ActButton({
  order,
  offered,
  review,
  leaf,
  label,
  primary,
}: {
  order: Omit<Order, 'events'>
  offered: OfferedAct
  review: (subject: ActSubject) => void
  leaf?: bigint
  label?: string
  primary?: boolean
}) {
  const { button, danger } = ACT_WORDS[offered.act]
  return (
    <Button
      size="small"
      look={primary ? 'primary' : danger ? 'danger' : 'plain'}
      disabled={offered.why !== null}
      onClick={() => review({ act: offered.act, order, ...(leaf === undefined ? {} : { leaf }) })}
    >
      {label ?? button}
      <span className="sr-only"> order {String(order.orderId)}</span>
    </Button>
  )
}
