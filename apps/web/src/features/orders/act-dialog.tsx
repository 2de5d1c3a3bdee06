'use client'

import type { ChainCall } from '@dmc/core/chain/acts/market-call'
import { LEAF_SIZE } from '@dmc/core/merkle/constants'
import { useQuery } from '@tanstack/react-query'
import { useRef, useState } from 'react'
import { eth } from '../../lib/amounts.ts'
import { useChainConfig } from '../../lib/chain-config.tsx'
import { readGas } from '../../lib/chain-read.ts'
import { useOwner } from '../../lib/session.tsx'
import { useTRPC } from '../../lib/trpc.ts'
import { useChainTime } from '../../lib/use-chain-time.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { Facts } from '../../ui/facts.tsx'
import { Field, Input, UnitInput } from '../../ui/field.tsx'
import { Failed } from '../../ui/list-state.tsx'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { TransactPanel, Trouble } from '../transactions/transact-panel.tsx'
import { useTransact } from '../transactions/use-transact.ts'
import { type ActSubject, reviewAct, type Wish } from './explain-act.ts'

const FIELDS: Partial<
  Record<ActSubject['act'], { key: keyof Wish; label: string; unit?: string; hint: string }>
> = {
  extend: { key: 'weeks', label: 'Weeks to add', unit: 'weeks', hint: 'At the price of the order.' },
  shorten: {
    key: 'weeks',
    label: 'New length',
    unit: 'weeks',
    hint: 'In all, counted from the start of the order.',
  },
  topUp: { key: 'challenges', label: 'Challenges to pay for', unit: 'bonds', hint: 'Each takes one bond.' },
  end: {
    key: 'days',
    label: 'The wish stands for',
    unit: 'days',
    hint: 'It ends as soon as the other side wishes it, too; 0 takes a wish back.',
  },
  refuse: { key: 'reason', label: 'Reason', hint: 'The user reads it; at most 128 bytes.' },
  challenge: {
    key: 'leaf',
    label: 'Leaf',
    hint: 'Any of the data will do: a miner can’t know which one is asked for.',
  },
  shrinkBill: { key: 'mib', label: 'Take off', unit: 'MiB', hint: 'Only what is not sold, in whole steps.' },
}

/** The review of one act: what it will do in plain words and figures, then the wallet. Loaded when it is opened. */
export default function ActDialog({ subject, onClose }: { subject: ActSubject; onClose: () => void }) {
  const trpc = useTRPC()
  const config = useChainConfig()
  const owner = useOwner()
  const { now } = useChainTime()
  const transact = useTransact()
  const [wish, setWish] = useState<Wish>(() => firstWish(subject))
  const order = 'order' in subject ? subject.order : null
  const bill = useQuery({
    ...trpc.market.bill.queryOptions({ billId: order?.billId ?? 1n }),
    enabled: order !== null,
  })
  const review = reviewAct(subject, wish, { config, owner, now, bill: bill.data ?? null })
  const field = FIELDS[subject.act]
  const running = transact.step !== 'idle'
  const explained = review?.explained
  // once it is sent, the same words stay, though the chain has moved on
  const shown = useRef(explained)
  if (!running && explained !== undefined) shown.current = explained
  const told = shown.current
  const problem = explained?.problems[0]
  const approve = (explained?.takes ?? 0n) > 0n
  const gas = useGas(review !== null && problem === undefined && !approve && !running ? review.call : null)
  return (
    <Dialog
      open
      onOpenChange={(open) => open || onClose()}
      title={told?.title ?? 'Review'}
      about={told?.sentence ?? 'What it will do is shown here.'}
    >
      <div className="grid gap-4">
        {field === undefined || running ? null : (
          <Field
            id="act-field"
            label={field.label}
            hint={field.hint}
            error={
              review === null && bill.error === null && !bill.isLoading
                ? 'A whole number is needed.'
                : undefined
            }
          >
            {field.unit === undefined ? (
              <Input
                id="act-field"
                maxLength={128}
                value={wish[field.key]}
                onChange={(event) => setWish({ ...wish, [field.key]: event.target.value })}
              />
            ) : (
              <UnitInput
                id="act-field"
                unit={field.unit}
                inputMode="numeric"
                value={wish[field.key]}
                onChange={(event) => setWish({ ...wish, [field.key]: event.target.value })}
              />
            )}
          </Field>
        )}
        {told === undefined ? (
          bill.error === null ? (
            <SkeletonRows rows={3} />
          ) : (
            <Failed error={bill.error} retry={bill.refetch} busy={bill.isFetching} />
          )
        ) : (
          <Facts
            className="border-y border-line"
            items={[
              ...told.facts,
              told.takes > 0n
                ? [
                    'In two steps',
                    'the Market is allowed to take exactly this amount, then the act itself; as one, if your wallet does that',
                  ]
                : null,
              gas === undefined ? null : ['Gas', gas],
            ]}
          />
        )}
        {problem === undefined || running ? null : <Trouble title={problem.message} text={problem.hint} />}
        <TransactPanel
          transact={transact}
          withPermit={false}
          withApproval={(told?.takes ?? 0n) > 0n}
          button={review?.button ?? 'Review'}
          disabled={review === null || problem !== undefined}
          onClick={() => {
            if (review === null) return
            const { explained, call } = review
            transact.run({
              title: explained.title,
              takes: explained.takes,
              ...(explained.takes > 0n ? { approve: true as const } : {}),
              call: () => call,
            })
          }}
        />
        {transact.entry?.state === 'done' ? (
          <Button onClick={onClose} className="w-full">
            Done
          </Button>
        ) : null}
      </div>
    </Dialog>
  )
}

/** What the transaction may burn, as text; undefined while it is not known or not asked. */
function useGas(call: ChainCall | null): string | undefined {
  const config = useChainConfig()
  const owner = useOwner()
  const { data } = useQuery({
    queryKey: ['gas', owner, call?.data ?? ''],
    queryFn: () =>
      call === null
        ? null
        : readGas(config, { from: owner, to: call.to, data: call.data, value: call.value }),
    enabled: call !== null,
    staleTime: 15_000,
  })
  return data == null ? undefined : `at most ${eth(data, 6)}`
}

function firstWish(subject: ActSubject): Wish {
  const order = 'order' in subject ? subject.order : null
  const leaf = 'leaf' in subject ? subject.leaf : undefined
  return {
    weeks: subject.act === 'extend' ? '12' : String(Math.max(1, (order?.weeks ?? 2) - 1)),
    challenges: '5',
    days: '7',
    reason: '',
    leaf: leaf === undefined ? anyLeaf(order?.commitment?.size ?? 0n) : String(leaf),
    mib: 'bill' in subject ? String(subject.bill.step) : '1',
  }
}

/** One leaf of all, by chance. @param size bytes */
function anyLeaf(size: bigint): string {
  const leaves = size / BigInt(LEAF_SIZE)
  if (leaves === 0n) return '0'
  const [high = 0, low = 0] = crypto.getRandomValues(new Uint32Array(2))
  return String(((BigInt(high) << 32n) | BigInt(low)) % leaves)
}
