import type { Metadata } from 'next'
import { Earnings } from '../../../../features/miner/earnings.tsx'
import { PageHeader } from '../../../../ui/page.tsx'

export const metadata: Metadata = { title: 'Earnings' }

export default function Page() {
  return (
    <>
      <PageHeader
        title="Earnings"
        about="What your orders have earned, what you can take, and what is locked."
      />
      <Earnings />
    </>
  )
}
