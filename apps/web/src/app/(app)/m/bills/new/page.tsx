import type { Metadata } from 'next'
import { NewBill } from '../../../../../features/miner/new-bill.tsx'

export const metadata: Metadata = { title: 'Offer space' }

export default async function Page({
  searchParams,
}: {
  searchParams: Promise<Record<string, string | string[] | undefined>>
}) {
  const { agent, sector } = await searchParams
  return (
    <NewBill
      agentId={typeof agent === 'string' ? agent : ''}
      sectorId={typeof sector === 'string' ? sector : null}
    />
  )
}
