import type { Metadata } from 'next'
import { MinerOverview } from '../../../features/miner/miner-overview.tsx'
import { Prefetched } from '../../../lib/prefetched.tsx'
import { whoIsSignedIn } from '../../../lib/server-api.ts'

export const metadata: Metadata = { title: 'Miner' }

export default async function Page() {
  const { data: me } = await whoIsSignedIn()
  // the layout asks for the sign-in
  if (me === null) return null
  const bills = { miner: me.address, openOnly: false, limit: 200 }
  return (
    <Prefetched
      questions={(keys, api) => [
        [keys.sectors.list.queryKey(), api.sectors.list()],
        [keys.market.bills.queryKey(bills), api.market.bills(bills)],
        [keys.journal.list.queryKey({ limit: 8 }), api.journal.list({ limit: 8 })],
      ]}
    >
      <MinerOverview />
    </Prefetched>
  )
}
