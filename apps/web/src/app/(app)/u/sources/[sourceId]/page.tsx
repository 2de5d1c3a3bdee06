import type { Metadata } from 'next'
import { SourcePage } from '../../../../../features/user/source-page.tsx'

export const metadata: Metadata = { title: 'Source' }

export default async function Page({ params }: { params: Promise<{ sourceId: string }> }) {
  return <SourcePage sourceId={(await params).sourceId} />
}
