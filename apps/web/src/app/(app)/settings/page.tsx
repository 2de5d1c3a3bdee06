import type { Metadata } from 'next'
import { Settings } from '../../../features/people/settings.tsx'
import { PageHeader } from '../../../ui/page.tsx'

export const metadata: Metadata = { title: 'Settings' }

export default function Page() {
  return (
    <>
      <PageHeader title="Settings" about="How this dashboard looks, and what it serves." />
      <Settings />
    </>
  )
}
