import type { Metadata } from 'next'
import { AlertSettings } from '../../../features/alerts/alert-settings.tsx'
import { Settings } from '../../../features/people/settings.tsx'
import { PageHeader } from '../../../ui/page.tsx'

export const metadata: Metadata = { title: 'Settings' }

export default function Page() {
  return (
    <>
      <PageHeader
        title="Settings"
        about="What you are told of and how, how this dashboard looks, and what it serves."
      />
      <div className="grid gap-4">
        <AlertSettings />
        <Settings />
      </div>
    </>
  )
}
