'use client'

import { lazy, Suspense, useState } from 'react'
import { useChainConfig } from '../../lib/chain-config.tsx'
import { useOwner } from '../../lib/session.tsx'
import { useChainTime } from '../../lib/use-chain-time.ts'
import { Button } from '../../ui/button.tsx'
import { Card, CardHeader } from '../../ui/card.tsx'
import type { Bill } from '../market/bill-rows.ts'
import { actsOf, type OfferedAct, type OrderAct } from './acts-of.ts'
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

/** Everything that this wallet can do with an order; what it can't do now says why. */
export function OrderActs({ order }: { order: Order }) {
  const owner = useOwner()
  const { parameters } = useChainConfig()
  const { now } = useChainTime()
  const acts = actsOf(order, { wallet: owner, now, parameters })
  if (acts.length === 0) return null
  return (
    <Card className="mb-4" aria-label="Acts">
      <CardHeader title="What you can do" about="Each is shown in plain words before your wallet is asked." />
      <ul className="grid gap-px bg-line sm:grid-cols-2 lg:grid-cols-3">
        {acts.map((offered) => (
          <li
            key={offered.act}
            className="flex items-start justify-between gap-4 bg-surface px-4 py-3.5 sm:px-5"
          >
            <p className="min-w-0 text-[0.8125rem] text-muted">
              {offered.why ?? ACT_WORDS[offered.act].about}
            </p>
            <ActButton order={order} offered={offered} />
          </li>
        ))}
      </ul>
    </Card>
  )
}

/** A button that opens the review of one act. */
export function ActButton({
  order,
  offered,
  leaf,
  label,
  primary,
}: {
  order: Order | Omit<Order, 'events'>
  offered: OfferedAct
  leaf?: bigint
  label?: string
  primary?: boolean
}) {
  const [open, setOpen] = useState(false)
  const { button, danger } = ACT_WORDS[offered.act]
  return (
    <>
      <Button
        size="small"
        look={primary ? 'primary' : danger ? 'danger' : 'plain'}
        disabled={offered.why !== null}
        onClick={() => setOpen(true)}
      >
        {label ?? button}
        <span className="sr-only"> order {String(order.orderId)}</span>
      </Button>
      {open ? (
        <Suspense fallback={null}>
          <ActDialog
            subject={{ act: offered.act, order, ...(leaf === undefined ? {} : { leaf }) }}
            onClose={() => setOpen(false)}
          />
        </Suspense>
      ) : null}
    </>
  )
}

/** Pays out the wallet's credit. */
export function AccountActButton({ credit }: { credit: bigint }) {
  const [open, setOpen] = useState(false)
  return (
    <>
      <Button look="primary" onClick={() => setOpen(true)}>
        Withdraw
      </Button>
      {open ? (
        <Suspense fallback={null}>
          <ActDialog subject={{ act: 'withdraw', credit }} onClose={() => setOpen(false)} />
        </Suspense>
      ) : null}
    </>
  )
}

/** Shrink or cancel, for a bill of this wallet. */
export function BillActButton({ bill, act }: { bill: Bill; act: 'cancelBill' | 'shrinkBill' }) {
  const [open, setOpen] = useState(false)
  return (
    <>
      <Button size="small" look={act === 'cancelBill' ? 'danger' : 'plain'} onClick={() => setOpen(true)}>
        {act === 'cancelBill' ? 'Cancel' : 'Shrink'}
        <span className="sr-only"> bill {String(bill.billId)}</span>
      </Button>
      {open ? (
        <Suspense fallback={null}>
          <ActDialog subject={{ act, bill }} onClose={() => setOpen(false)} />
        </Suspense>
      ) : null}
    </>
  )
}
