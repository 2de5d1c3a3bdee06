import type { Metadata } from 'next'
import { Suspense } from 'react'
import { JournalTable } from '../../../features/people/journal-table.tsx'
import { PageHeader } from '../../../ui/page.tsx'

export const metadata: Metadata = { title: 'Activity' }

export default function Page() {
  return (
    <>
      <PageHeader title="Activity" about="What happened on your hosts, as it happens." />
      <Suspense>
        <JournalTable />
      </Suspense>
    </>
  )
}
