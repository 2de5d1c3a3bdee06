import { Plus } from 'lucide-react'
import type { Metadata } from 'next'
import { AgentList, TokenDialog } from '../../../features/agents/agent-list.tsx'
import { LinkButton } from '../../../ui/button.tsx'
import { PageHeader } from '../../../ui/page.tsx'

export const metadata: Metadata = { title: 'Agents' }

export default function Page() {
  return (
    <>
      <PageHeader
        title="Agents"
        about="Your hosts: what they may do, and whether they are there."
        action={
          <>
            <TokenDialog />
            <LinkButton look="primary" href="/pair">
              <Plus aria-hidden /> Pair a host
            </LinkButton>
          </>
        }
      />
      <AgentList />
    </>
  )
}
