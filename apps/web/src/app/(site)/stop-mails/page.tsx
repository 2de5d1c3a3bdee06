import { MailX } from 'lucide-react'
import type { Metadata } from 'next'
import { Button, LinkButton } from '../../../ui/button.tsx'
import { Card } from '../../../ui/card.tsx'
import { Notice } from '../../../ui/notice.tsx'

export const metadata: Metadata = { title: 'Stop mails', robots: { index: false } }

/** Where the link at the end of every mail leads: it asks, and works without signing in and without scripts. */
export default async function Page({
  searchParams,
}: {
  searchParams: Promise<{ t?: string | string[]; done?: string | string[] }>
}) {
  const { t, done } = await searchParams
  const token = typeof t === 'string' && /^[A-Za-z0-9_-]{1,100}$/.test(t) ? t : ''
  return (
    <div className="mx-auto max-w-xl py-16">
      <h1 className="sr-only">Stop mails</h1>
      <Card>
        {done === undefined ? (
          <Notice
            icon={<MailX />}
            title="Stop the mails about alerts?"
            text="Alerts are still shown on the dashboard. The wallet’s owner can switch the mails on again in its settings."
          >
            <form method="post" action={`/api/stop-mails?t=${token}`}>
              <Button type="submit" look="primary">
                Send no more mails
              </Button>
            </form>
          </Notice>
        ) : (
          <Notice icon={<MailX />} title="No more mails are sent to you" text="You can close this page.">
            <LinkButton href="/">To the dashboard</LinkButton>
          </Notice>
        )}
      </Card>
    </div>
  )
}
