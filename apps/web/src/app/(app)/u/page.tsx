import type { Metadata } from 'next'
import { UserOverview } from '../../../features/user/user-overview.tsx'
import { Prefetched } from '../../../lib/prefetched.tsx'
import { whoIsSignedIn } from '../../../lib/server-api.ts'

export const metadata: Metadata = { title: 'Overview' }

export default async function Page() {
  const { data: me } = await whoIsSignedIn()
  // the layout asks for the sign-in
  if (me === null) return null
  const orders = { user: me.address, limit: 200 }
  return (
    <Prefetched
      questions={(keys, api) => [
        [keys.sources.list.queryKey({}), api.sources.list({})],
        [keys.market.orders.queryKey(orders), api.market.orders(orders)],
        [keys.orders.proofs.queryKey({ days: 30 }), api.orders.proofs({ days: 30 })],
        [keys.journal.list.queryKey({ limit: 8 }), api.journal.list({ limit: 8 })],
      ]}
    >
      <UserOverview />
    </Prefetched>
  )
}
