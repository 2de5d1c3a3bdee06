'use client'

import { Mail, Webhook } from 'lucide-react'
import type { RouterOutputs } from '../../server/router.ts'
import { Badge } from '../../ui/badge.tsx'
import { Card, CardHeader } from '../../ui/card.tsx'
import { When } from '../../ui/when.tsx'

type Message = RouterOutputs['settings']['get']['messages'][number]

const STATES: Record<string, { name: string; tone: 'ok' | 'busy' | 'bad' }> = {
  sent: { name: 'Sent', tone: 'ok' },
  waiting: { name: 'Waiting', tone: 'busy' },
  failed: { name: 'Not sent', tone: 'bad' },
}

/** The newest messages, with what the other side said. */
export function MessageList({ messages }: { messages: Message[] }) {
  if (messages.length === 0) return null
  return (
    <Card aria-label="Sent lately">
      <CardHeader
        title="Sent lately"
        about="Each is tried again for 17 hours until the other side has taken it."
      />
      <ul className="divide-y divide-line">
        {messages.map((message) => {
          const state = STATES[message.state] ?? { name: message.state, tone: 'busy' as const }
          const Icon = message.channel === 'email' ? Mail : Webhook
          return (
            <li key={message.id} className="flex items-start gap-3 px-4 py-3 text-[0.8125rem] sm:px-5">
              <Icon className="mt-0.5 size-4 shrink-0 text-muted" aria-hidden />
              <span className="min-w-0 flex-1 [overflow-wrap:anywhere]">
                <span className="sr-only">{message.channel === 'email' ? 'E-mail: ' : 'Webhook: '}</span>
                {message.about}
                {message.others > 0 ? ` (and ${message.others} more)` : ''}
                <span className="block text-xs text-muted">
                  <When at={message.createdAt.getTime() / 1000} />
                  {message.attempts > 1 ? `, ${message.attempts} attempts` : ''}
                  {message.error === null ? '' : `: ${message.error}`}
                  {message.state === 'waiting' && message.attempts > 0 ? (
                    <>
                      {' '}
                      Again <When at={message.nextAt.getTime() / 1000} />.
                    </>
                  ) : null}
                </span>
              </span>
              <Badge tone={state.tone}>{state.name}</Badge>
            </li>
          )
        })}
      </ul>
    </Card>
  )
}
