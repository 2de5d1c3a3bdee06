import type { Metadata } from 'next'
import { MinerOverview } from '../../../features/miner/miner-overview.tsx'

export const metadata: Metadata = { title: 'Miner' }

export default function Page() {
  return <MinerOverview />
}
