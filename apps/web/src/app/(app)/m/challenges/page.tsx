import type { Metadata } from 'next'
import { ChallengesDue } from '../../../../features/miner/challenges-due.tsx'
import { PageHeader } from '../../../../ui/page.tsx'

export const metadata: Metadata = { title: 'Challenges' }

export default function Page() {
  return (
    <>
      <PageHeader
        title="Challenges"
        about="Leaves that users ask for on chain. Shown in time, they earn the bond; missed, they cost the pledge."
      />
      <ChallengesDue />
    </>
  )
}
