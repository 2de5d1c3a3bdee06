'use client'

import { useQuery } from '@tanstack/react-query'
import { useTRPC } from '../../lib/trpc.ts'
import { Card } from '../../ui/card.tsx'
import { ListState } from '../../ui/list-state.tsx'
import { AlertSettingsForm } from './alert-settings-form.tsx'
import { BrowserNotesCard } from './browser-notes-card.tsx'
import { EmailCard } from './email-card.tsx'
import { MessageList } from './message-list.tsx'
import { WebhookCard } from './webhook-card.tsx'

/** All about alerts on the settings page. */
export function AlertSettings() {
  const trpc = useTRPC()
  const query = useQuery(trpc.settings.get.queryOptions())
  const shown = (
    <ListState query={query} rows={6}>
      {(settings) => (
        <div className="grid gap-4">
          <div className="grid items-start gap-4 lg:grid-cols-2">
            <WebhookCard settings={settings} />
            <EmailCard settings={settings} />
          </div>
          <MessageList messages={settings.messages} />
          <AlertSettingsForm alerts={settings.alerts} />
          <BrowserNotesCard />
        </div>
      )}
    </ListState>
  )
  return query.data === undefined ? <Card>{shown}</Card> : shown
}
