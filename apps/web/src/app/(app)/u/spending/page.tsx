import type { Metadata } from 'next'
import { Spending } from '../../../../features/user/spending.tsx'
import { PageHeader } from '../../../../ui/page.tsx'

export const metadata: Metadata = { title: 'Spending' }

export default function Page() {
  return (
    <>
      <PageHeader title="Spending" about="What you put in, what miners earned of it, and what came back." />
      <Spending />
    </>
  )
}
