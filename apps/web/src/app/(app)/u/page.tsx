import type { Metadata } from 'next'
import { UserOverview } from '../../../features/user/user-overview.tsx'

export const metadata: Metadata = { title: 'Overview' }

export default function Page() {
  return <UserOverview />
}
