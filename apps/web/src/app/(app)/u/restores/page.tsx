import type { Metadata } from 'next'
import { RestoreList } from '../../../../features/user/restore-list.tsx'
import { PageHeader } from '../../../../ui/page.tsx'

export const metadata: Metadata = { title: 'Restores' }

export default function Page() {
  return (
    <>
      <PageHeader title="Restores" about="Every byte is checked against the chain before it is written." />
      <RestoreList />
    </>
  )
}
