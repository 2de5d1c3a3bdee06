'use client'

import { Check, CircleAlert, CircleDashed, LoaderCircle } from 'lucide-react'
import type { ReactNode } from 'react'
import { useChainConfig } from '../../lib/chain-config.tsx'
import { shortHex } from '../../lib/short-hex.ts'
import { Button } from '../../ui/button.tsx'
import { CopyButton } from '../../ui/copy.tsx'
import type { TrayEntry } from './tray-store.ts'
import type { useTransact } from './use-transact.ts'

type Transact = ReturnType<typeof useTransact>

/** How far the transaction is, line by line, and what to do when it did not work. */
export function TransactPanel({
  transact,
  withPermit,
  withApproval = false,
  button,
  onClick,
  disabled,
  why,
}: {
  transact: Transact
  withPermit: boolean
  /** The tokens are allowed by a transaction of its own, first. */
  withApproval?: boolean
  button: ReactNode
  onClick: () => void
  disabled?: boolean
  /** Why it can't be done now; shown below the button. */
  why?: ReactNode
}) {
  const { step, problem, entry } = transact
  const config = useChainConfig()
  const running = step !== 'idle'
  const asOne = step === 'batch' || entry?.batch !== undefined
  const over = entry !== null && entry.state !== 'submitted' && entry.state !== 'done'
  return (
    <div className="grid gap-3">
      {running && !over ? null : (
        <Button look="primary" size="large" className="w-full" disabled={disabled} onClick={onClick}>
          {over ? 'Try again' : button}
        </Button>
      )}
      {running || why === undefined ? null : <p className="text-center text-xs text-muted">{why}</p>}
      {problem === null ? null : <Trouble title={problem.message} text={problem.hint} />}
      {running && !over ? (
        <ol className="grid gap-2.5 rounded-lg bg-raised px-4 py-3.5 text-[0.8125rem]" aria-live="polite">
          <Line state={step === 'checking' && entry === null ? 'now' : 'done'}>
            Checked against the chain: it would succeed
          </Line>
          {withPermit && !asOne ? (
            <Line state={step === 'permit' ? 'now' : step === 'wallet' || step === 'sent' ? 'done' : 'later'}>
              {step === 'permit'
                ? 'Sign the permit in your wallet: exactly this amount, no gas'
                : 'Permit signed'}
            </Line>
          ) : null}
          {withApproval && !asOne ? (
            <Line
              state={
                step === 'approve' || step === 'approving'
                  ? 'now'
                  : step === 'wallet' || step === 'sent'
                    ? 'done'
                    : 'later'
              }
            >
              {step === 'approve'
                ? '1 of 2: allow the Market in your wallet to take exactly this amount'
                : step === 'approving'
                  ? '1 of 2: allowed; waiting for its block'
                  : '1 of 2: the Market may take exactly this amount'}
            </Line>
          ) : null}
          <Line state={step === 'wallet' || step === 'batch' ? 'now' : step === 'sent' ? 'done' : 'later'}>
            {step === 'batch'
              ? 'Confirm in your wallet, once: it allows exactly this amount and does the rest, or nothing'
              : step === 'wallet'
                ? `${withApproval ? '2 of 2: confirm' : 'Confirm'} the transaction in your wallet`
                : step === 'sent'
                  ? 'Sent'
                  : withApproval
                    ? '2 of 2: the transaction itself'
                    : 'One transaction'}
            {entry === null || entry.hash === '0x' ? null : (
              <span className="ml-1 inline-flex items-center gap-0.5 align-middle font-mono text-xs text-muted">
                {shortHex(entry.hash)}
                <CopyButton text={entry.hash} label="Copy the transaction" />
              </span>
            )}
          </Line>
          <Line state={entry === null ? 'later' : entry.state === 'done' ? 'done' : 'now'}>
            {entry === null
              ? 'Confirmations'
              : entry.state === 'done'
                ? 'Confirmed'
                : `${entry.confirmations} of ${config.confirmations} confirmations`}
          </Line>
        </ol>
      ) : null}
      {entry === null || !over ? null : <Ended entry={entry} />}
    </div>
  )
}

function Ended({ entry }: { entry: TrayEntry }) {
  if (entry.state === 'reverted') {
    return (
      <Trouble
        title={entry.problem?.message ?? 'The transaction was reverted.'}
        text={entry.problem?.hint ?? ''}
      />
    )
  }
  if (entry.state === 'replaced') {
    return (
      <Trouble
        title="Another transaction took its place."
        text={`Your wallet sent ${shortHex(entry.replacedBy ?? '')} with the same number; this one did not happen.`}
      />
    )
  }
  return (
    <Trouble
      title="The chain forgot the transaction."
      text="Nothing happened and nothing was spent: send it again."
    />
  )
}

export function Trouble({ title, text }: { title: ReactNode; text: ReactNode }) {
  return (
    <div role="alert" className="flex gap-2.5 rounded-lg bg-bad-soft px-4 py-3 text-[0.8125rem] text-bad">
      <CircleAlert className="mt-0.5 size-4 shrink-0" aria-hidden />
      <div className="min-w-0 [overflow-wrap:anywhere]">
        <p className="font-medium">{title}</p>
        <p>{text}</p>
      </div>
    </div>
  )
}

function Line({ state, children }: { state: 'later' | 'now' | 'done'; children: ReactNode }) {
  const Icon = state === 'done' ? Check : state === 'now' ? LoaderCircle : CircleDashed
  return (
    <li className={`flex items-center gap-2.5 ${state === 'later' ? 'text-muted' : ''}`}>
      <Icon
        className={`size-4 shrink-0 ${state === 'now' ? 'animate-spin text-accent-text' : state === 'done' ? 'text-ok' : ''}`}
        aria-hidden
      />
      <span className="min-w-0">
        {children}
        <span className="sr-only">{state === 'done' ? ' (done)' : state === 'now' ? ' (now)' : ''}</span>
      </span>
    </li>
  )
}
