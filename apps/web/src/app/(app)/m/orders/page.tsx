import type { Metadata } from 'next'
import { OrderList } from '../../../../features/people/order-list.tsx'
import { PageHeader } from '../../../../ui/page.tsx'

export const metadata: Metadata = { title: 'Incoming orders' }

export default function Page() {
  return (
    <>
      <PageHeader
        title="Incoming orders"
        about="Who took space from your bills, and how far their data is."
      />
      <OrderList side="miner" />
    </>
  )
}
