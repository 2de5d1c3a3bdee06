import { Plus } from 'lucide-react'
import type { Metadata } from 'next'
import { SectorList } from '../../../../features/miner/sector-list.tsx'
import { LinkButton } from '../../../../ui/button.tsx'
import { PageHeader } from '../../../../ui/page.tsx'

export const metadata: Metadata = { title: 'Sectors' }

export default function Page() {
  return (
    <>
      <PageHeader
        title="Sectors"
        about="Space on your hosts, as they measure it."
        action={
          <LinkButton look="primary" href="/m/bills/new">
            <Plus aria-hidden /> Offer space
          </LinkButton>
        }
      />
      <SectorList />
    </>
  )
}
