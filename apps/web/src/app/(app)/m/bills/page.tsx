import { Plus } from 'lucide-react'
import type { Metadata } from 'next'
import { BillList } from '../../../../features/miner/bill-list.tsx'
import { LinkButton } from '../../../../ui/button.tsx'
import { PageHeader } from '../../../../ui/page.tsx'

export const metadata: Metadata = { title: 'Bills' }

export default function Page() {
  return (
    <>
      <PageHeader
        title="Bills"
        about="What you offer on the market."
        action={
          <LinkButton look="primary" href="/m/bills/new">
            <Plus aria-hidden /> Publish a bill
          </LinkButton>
        }
      />
      <BillList />
    </>
  )
}
