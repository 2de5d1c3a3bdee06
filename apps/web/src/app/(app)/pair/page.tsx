import type { Metadata } from 'next'
import { PairPanel } from '../../../features/agents/pair-panel.tsx'
import { PageHeader } from '../../../ui/page.tsx'

export const metadata: Metadata = { title: 'Pair an agent' }

export default async function PairPage({
  searchParams,
}: {
  searchParams: Promise<{ code?: string | string[] }>
}) {
  const { code } = await searchParams
  return (
    <div className="mx-auto max-w-xl">
      <PageHeader title="Pair an agent" about="Let an agent on one of your machines work for this wallet." />
      <PairPanel code={typeof code === 'string' ? code.slice(0, 12) : ''} />
    </div>
  )
}
