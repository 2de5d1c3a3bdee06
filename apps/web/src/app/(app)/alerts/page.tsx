import type { Metadata } from 'next'
import { AlertList } from '../../../features/alerts/alert-list.tsx'

export const metadata: Metadata = { title: 'Alerts' }

export default function Page() {
  return <AlertList />
}
