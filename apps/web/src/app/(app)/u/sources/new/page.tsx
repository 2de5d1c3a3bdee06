import type { Metadata } from 'next'
import { NewSource } from '../../../../../features/user/new-source.tsx'
import { readId } from '../../../../../lib/read-id.ts'

export const metadata: Metadata = { title: 'Back up a folder' }

export default async function NewSourcePage({
  searchParams,
}: {
  searchParams: Promise<Record<string, string | string[] | undefined>>
}) {
  const { agent, bill, source } = await searchParams
  return (
    <NewSource
      agentId={typeof agent === 'string' ? agent : ''}
      billId={typeof bill === 'string' ? readId(bill) : null}
      sourceId={typeof source === 'string' ? source : null}
    />
  )
}
