import type { Metadata } from 'next'
import { OrderList } from '../../../../features/people/order-list.tsx'
import { PageHeader } from '../../../../ui/page.tsx'

export const metadata: Metadata = { title: 'Orders' }

export default function Page() {
  return (
    <>
      <PageHeader
        title="Orders"
        about="Space that you took from bills, with what it holds and when it ends."
      />
      <OrderList side="user" />
    </>
  )
}
