import type { Metadata } from 'next'
import { SnapshotBrowser } from '../../../../../../../features/user/snapshot-browser.tsx'

export const metadata: Metadata = { title: 'Snapshot' }

export default async function Page({ params }: { params: Promise<{ sourceId: string; snapshotId: string }> }) {
  const { sourceId, snapshotId } = await params
  return <SnapshotBrowser sourceId={sourceId} snapshotId={snapshotId} />
}
