'use client'

import { useQuery } from '@tanstack/react-query'
import { Server } from 'lucide-react'
import Link from 'next/link'
import { useTRPC } from '../../lib/trpc.ts'

/** How many of the person's agents are connected. */
export function AgentHealth() {
  const trpc = useTRPC()
  const { data } = useQuery(trpc.agents.list.queryOptions())
  const all = data?.length ?? 0
  const online = data?.filter((agent) => agent.online).length ?? 0
  const text = all === 0 ? 'No agents' : `${online} of ${all} online`
  return (
    <Link
      href="/agents"
      prefetch={false}
      aria-label={`Agents: ${text}`}
      className="hidden h-8 items-center gap-2 rounded-lg border border-line bg-surface px-2.5 text-xs text-muted hover:bg-raised hover:text-text md:flex"
    >
      <Server
        className={`size-3.5 ${all > 0 && online < all ? 'text-warn' : all === 0 ? '' : 'text-ok'}`}
        aria-hidden
      />
      {data === undefined ? '…' : text}
    </Link>
  )
}
