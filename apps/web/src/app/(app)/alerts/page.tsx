import type { Metadata } from 'next'
import { AttentionList } from '../../../features/people/attention-list.tsx'
import { Card } from '../../../ui/card.tsx'
import { PageHeader } from '../../../ui/page.tsx'

export const metadata: Metadata = { title: 'Alerts' }

export default function Page() {
  return (
    <>
      <PageHeader title="Alerts" about="What needs you, the most urgent first." />
      <Card>
        <AttentionList />
      </Card>
    </>
  )
}
