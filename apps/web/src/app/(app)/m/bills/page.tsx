import { Plus } from 'lucide-react'
import type { Metadata } from 'next'
import { BillList } from '../../../../features/miner/bill-list.tsx'
import { Prefetched } from '../../../../lib/prefetched.tsx'
import { whoIsSignedIn } from '../../../../lib/server-api.ts'
import { LinkButton } from '../../../../ui/button.tsx'
import { PageHeader } from '../../../../ui/page.tsx'

export const metadata: Metadata = { title: 'Bills' }

export default async function Page() {
  const { data: me } = await whoIsSignedIn()
  // the layout asks for the sign-in
  if (me === null) return null
  const bills = { miner: me.address, openOnly: false, limit: 200 }
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
      <Prefetched questions={(keys, api) => [[keys.market.bills.queryKey(bills), api.market.bills(bills)]]}>
        <BillList />
      </Prefetched>
    </>
  )
}
