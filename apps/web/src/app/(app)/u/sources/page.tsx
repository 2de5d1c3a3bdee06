import { Plus } from 'lucide-react'
import type { Metadata } from 'next'
import { SourceList } from '../../../../features/user/source-list.tsx'
import { Prefetched } from '../../../../lib/prefetched.tsx'
import { LinkButton } from '../../../../ui/button.tsx'
import { PageHeader } from '../../../../ui/page.tsx'

export const metadata: Metadata = { title: 'Sources' }

export default function Page() {
  return (
    <>
      <PageHeader
        title="Sources"
        about="The folders that you back up, on all your hosts."
        action={
          <LinkButton look="primary" href="/u/sources/new">
            <Plus aria-hidden /> Back up a folder
          </LinkButton>
        }
      />
      <Prefetched
        questions={(keys, api) => [
          [keys.sources.list.queryKey({}), api.sources.list({})],
          [keys.orders.proofs.queryKey({ days: 30 }), api.orders.proofs({ days: 30 })],
        ]}
      >
        <SourceList />
      </Prefetched>
    </>
  )
}
