'use client'

import { useMutation, useQueryClient } from '@tanstack/react-query'
import { AlarmClock, ArrowRight, BellOff, CircleCheck, Coins, Hourglass, Undo2 } from 'lucide-react'
import { Popover } from 'radix-ui'
import { useState } from 'react'
import { toast } from 'sonner'
import { count, dmc } from '../../lib/amounts.ts'
import { errorText } from '../../lib/error-text.ts'
import { useTRPC } from '../../lib/trpc.ts'
import { Badge } from '../../ui/badge.tsx'
import { Button, LinkButton } from '../../ui/button.tsx'
import { When } from '../../ui/when.tsx'
import type { Alert } from '../people/use-attention.ts'
import { LEVELS } from './level.tsx'

const HOURS = [
  [1, '1 hour'],
  [24, '1 day'],
  [7 * 24, '1 week'],
] as const

const seconds = (date: Date) => date.getTime() / 1000

/** One alert: how bad, what, why, what is at stake, what to do, and how often it was seen. */
export function AlertItem({ alert }: { alert: Alert }) {
  const over = alert.state === 'resolved'
  const quiet = alert.state === 'snoozed' || alert.state === 'dismissed'
  const { Icon, name, tone, text, soft } = LEVELS[alert.level]
  return (
    <li className="flex gap-3.5 px-4 py-4 sm:gap-4 sm:px-5">
      <span
        aria-hidden
        className={`mt-0.5 grid size-8 shrink-0 place-items-center rounded-full ${over ? 'bg-ok-soft text-ok' : `${soft} ${text}`}`}
      >
        {over ? <CircleCheck className="size-4" /> : <Icon className="size-4" />}
      </span>
      <div className="min-w-0 flex-1">
        <div className="flex flex-wrap items-center gap-x-2.5 gap-y-1">
          <h2 className="text-sm font-semibold [overflow-wrap:anywhere]">{alert.message}</h2>
          {over ? <Badge tone="ok">Over</Badge> : <Badge tone={tone}>{name}</Badge>}
        </div>
        <p className="mt-1 text-[0.8125rem] text-soft [overflow-wrap:anywhere]">
          {alert.cause === '' ? null : `${alert.cause} `}
          {over ? null : <span className="text-muted">{alert.hint}</span>}
        </p>
        {over || (alert.moneyAtStake === null && alert.deadline === null) ? null : (
          <p className="mt-2 flex flex-wrap gap-x-4 gap-y-1 text-[0.8125rem] font-medium">
            {alert.moneyAtStake === null ? null : (
              <span className="inline-flex items-center gap-1.5">
                <Coins className="size-3.5 text-muted" aria-hidden />
                {dmc(alert.moneyAtStake)} <span className="font-normal text-muted">at stake</span>
              </span>
            )}
            {alert.deadline === null ? null : (
              <span className="inline-flex items-center gap-1.5">
                <Hourglass className="size-3.5 text-muted" aria-hidden />
                <When at={seconds(alert.deadline)} />
                <span className="font-normal text-muted">
                  (<When at={seconds(alert.deadline)} absolute />)
                </span>
              </span>
            )}
          </p>
        )}
        <p className="mt-2 flex flex-wrap gap-x-3 text-xs text-muted">
          <span>
            First seen <When at={seconds(alert.firstAt)} />
          </span>
          <span>
            {over && alert.resolvedAt !== null ? (
              <>
                over <When at={seconds(alert.resolvedAt)} />
              </>
            ) : (
              <>
                last seen <When at={seconds(alert.lastAt)} />
              </>
            )}
          </span>
          {alert.count > 1 ? <span>{count(alert.count)} times</span> : null}
          {alert.state === 'snoozed' && alert.snoozedUntil !== null ? (
            <span className="text-soft">
              snoozed until <When at={seconds(alert.snoozedUntil)} absolute />
            </span>
          ) : null}
          {alert.state === 'dismissed' ? <span className="text-soft">dismissed</span> : null}
        </p>
        {over ? null : (
          <div className="mt-3 flex flex-wrap items-center gap-2">
            {alert.href === null || alert.action === null ? null : (
              <LinkButton
                size="small"
                look={alert.level === 'error' && !quiet ? 'primary' : 'plain'}
                href={alert.href}
              >
                {alert.action} <ArrowRight aria-hidden />
              </LinkButton>
            )}
            <Quieten alert={alert} quiet={quiet} />
          </div>
        )}
      </div>
    </li>
  )
}

function Quieten({ alert, quiet }: { alert: Alert; quiet: boolean }) {
  const trpc = useTRPC()
  const cache = useQueryClient()
  const [choosing, setChoosing] = useState(false)
  const { id: alertId, message } = alert
  const refresh = () => cache.invalidateQueries({ queryKey: trpc.alerts.pathKey() })
  const failed = (error: unknown) => {
    const { message: what, hint } = errorText(error)
    toast.error(`${what} ${hint}`)
    void refresh()
  }
  const reopen = useMutation({ ...trpc.alerts.reopen.mutationOptions(), onSuccess: refresh, onError: failed })
  const undo = { label: 'Undo', onClick: () => reopen.mutate({ alertId }) }
  const snooze = useMutation({
    ...trpc.alerts.snooze.mutationOptions(),
    onSuccess: () => {
      toast('Snoozed. It opens before that if it gets worse.', { action: undo })
      return refresh()
    },
    onError: failed,
  })
  const dismiss = useMutation({
    ...trpc.alerts.dismiss.mutationOptions(),
    onSuccess: () => {
      toast('Dismissed until it gets worse or comes back.', { action: undo })
      return refresh()
    },
    onError: failed,
  })
  const busy = reopen.isPending || snooze.isPending || dismiss.isPending
  if (quiet) {
    return (
      <Button
        size="small"
        look="quiet"
        disabled={busy}
        aria-label={`Show again: ${message}`}
        onClick={() => reopen.mutate({ alertId })}
      >
        <Undo2 aria-hidden /> Show again
      </Button>
    )
  }
  return (
    <>
      <Popover.Root open={choosing} onOpenChange={setChoosing}>
        <Popover.Trigger asChild>
          <Button size="small" look="quiet" disabled={busy} aria-label={`Snooze: ${message}`}>
            <AlarmClock aria-hidden /> Snooze
          </Button>
        </Popover.Trigger>
        <Popover.Portal>
          <Popover.Content
            align="start"
            sideOffset={6}
            collisionPadding={12}
            aria-label="For how long"
            className="z-40 grid w-40 gap-0.5 rounded-xl border border-line bg-surface p-1.5 shadow-lift motion-safe:animate-rise"
          >
            {HOURS.map(([hours, name]) => (
              <button
                key={hours}
                type="button"
                onClick={() => {
                  setChoosing(false)
                  snooze.mutate({ alertId, hours })
                }}
                className="h-9 rounded-lg px-3 text-left text-[0.8125rem] -outline-offset-2 hover:bg-raised"
              >
                {name}
              </button>
            ))}
          </Popover.Content>
        </Popover.Portal>
      </Popover.Root>
      <Button
        size="small"
        look="quiet"
        disabled={busy}
        aria-label={`Dismiss: ${message}`}
        onClick={() => dismiss.mutate({ alertId })}
      >
        <BellOff aria-hidden /> Dismiss
      </Button>
    </>
  )
}
