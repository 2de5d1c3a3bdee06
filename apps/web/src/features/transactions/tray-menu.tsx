'use client'

import { ArrowLeftRight, X } from 'lucide-react'
import { Popover } from 'radix-ui'
import { useChainConfig } from '../../lib/chain-config.tsx'
import { useOwner } from '../../lib/session.tsx'
import { shortHex } from '../../lib/short-hex.ts'
import { relativeTime } from '../../lib/times.ts'
import { Badge, type Tone } from '../../ui/badge.tsx'
import { CopyButton } from '../../ui/copy.tsx'
import { removeFromTray, type TrayState, trayKey, useTray } from './tray-store.ts'

const STATES: Record<TrayState, [Tone, string]> = {
  submitted: ['busy', 'Waiting'],
  done: ['ok', 'Confirmed'],
  reverted: ['bad', 'Reverted'],
  replaced: ['warn', 'Replaced'],
  dropped: ['warn', 'Dropped'],
}

/** The transactions of this wallet; survives a reload. */
export function TrayMenu() {
  const config = useChainConfig()
  const key = trayKey(config.chainId, useOwner())
  const entries = useTray(key)
  const open = entries.filter((entry) => entry.state === 'submitted').length
  return (
    <Popover.Root>
      <Popover.Trigger
        aria-label={open === 0 ? 'Transactions' : `Transactions: ${open} waiting`}
        className="relative grid size-9 place-items-center rounded-lg text-muted hover:bg-raised hover:text-text"
      >
        <ArrowLeftRight className="size-4" aria-hidden />
        {open === 0 ? null : (
          <span className="absolute top-1 right-1 grid min-w-4 place-items-center rounded-full bg-accent px-1 text-[0.625rem] leading-4 font-semibold text-on-accent">
            {open}
          </span>
        )}
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Content
          align="end"
          sideOffset={6}
          collisionPadding={12}
          aria-label="Transactions"
          className="z-40 w-[min(24rem,calc(100vw-1.5rem))] rounded-xl border border-line bg-surface shadow-lift motion-safe:animate-rise"
        >
          <p className="border-b border-line px-4 py-3 text-[0.8125rem] font-semibold">Transactions</p>
          {entries.length === 0 ? (
            <p className="px-4 py-8 text-center text-[0.8125rem] text-muted">
              What you send from here appears here.
            </p>
          ) : (
            <ul className="max-h-96 divide-y divide-line overflow-y-auto">
              {entries.map((entry) => {
                const [tone, name] = STATES[entry.state]
                return (
                  <li key={entry.id} className="px-4 py-3">
                    <div className="flex items-start justify-between gap-3">
                      <p className="min-w-0 text-[0.8125rem] font-medium">{entry.title}</p>
                      <Badge tone={tone}>{name}</Badge>
                    </div>
                    {entry.problem === undefined ? null : (
                      <p className="mt-1 text-xs text-bad">{entry.problem.message}</p>
                    )}
                    <p className="mt-1 flex items-center gap-1 text-xs text-muted">
                      {entry.hash === '0x' ? (
                        'Your wallet sends it'
                      ) : (
                        <>
                          <span className="font-mono">{shortHex(entry.hash)}</span>
                          <CopyButton text={entry.hash} label="Copy the transaction" />
                        </>
                      )}
                      <span className="ml-auto">
                        {relativeTime(entry.submittedAt / 1000, Date.now() / 1000)}
                      </span>
                      {entry.state === 'submitted' ? null : (
                        <button
                          type="button"
                          aria-label="Remove from the list"
                          onClick={() => removeFromTray(key, entry.id)}
                          className="grid size-6 place-items-center rounded-md hover:bg-raised hover:text-text"
                        >
                          <X className="size-3.5" aria-hidden />
                        </button>
                      )}
                    </p>
                  </li>
                )
              })}
            </ul>
          )}
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  )
}
