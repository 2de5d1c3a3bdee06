'use client'

import { useState } from 'react'
import { Button } from '../../ui/button.tsx'
import { Card, CardBody, CardHeader } from '../../ui/card.tsx'
import { setBrowserNotes, useBrowserNotes } from './browser-notes.ts'

/** Optional, and of this browser alone. */
export function BrowserNotesCard() {
  const on = useBrowserNotes()
  const [refused, setRefused] = useState(false)
  return (
    <Card aria-label="This browser">
      <CardHeader
        title="This browser"
        about="Warnings pop up while a page of the dashboard is open, on this machine only."
        action={
          <Button
            size="small"
            aria-pressed={on}
            onClick={async () => setRefused(!(await setBrowserNotes(!on)))}
          >
            {on ? 'Switch off' : 'Switch on'}
          </Button>
        }
      />
      {refused ? (
        <CardBody>
          <p role="alert" className="text-[0.8125rem] text-bad">
            The browser does not allow it. Allow notifications for this page in its own settings, then try
            again.
          </p>
        </CardBody>
      ) : null}
    </Card>
  )
}
