'use client'

import { useQuery } from '@tanstack/react-query'
import { relativeTime } from '../../lib/times.ts'
import { useTRPC } from '../../lib/trpc.ts'

export interface Attention {
  key: string
  level: 'warning' | 'error'
  title: string
  text: string
  href: string
  /** Unix seconds by which something should be done; null: as soon as you can. */
  deadline: number | null
}

const SOON_S = 14 * 86_400

/** What needs the person, worst and most urgent first, from what agents report and what the chain says. */
export function useAttention(): { items: Attention[]; known: boolean } {
  const trpc = useTRPC()
  const agents = useQuery(trpc.agents.list.queryOptions())
  const sources = useQuery(trpc.sources.list.queryOptions({}))
  const sectors = useQuery(trpc.sectors.list.queryOptions())
  const now = Date.now() / 1000
  const items: Attention[] = []
  for (const agent of agents.data ?? []) {
    const href = '/agents'
    if (!agent.online) {
      const seen =
        agent.lastSeenAt === null ? '' : ` Last seen ${relativeTime(agent.lastSeenAt.getTime() / 1000, now)}.`
      items.push({
        key: `offline ${agent.agentId}`,
        level: agent.roles.includes('miner') ? 'error' : 'warning',
        title: `${agent.name} is offline`,
        text: `Nothing is backed up or answered there.${seen} Start it on its host: dmc-agent run`,
        href,
        deadline: null,
      })
    }
    const expires = agent.operatorExpiresAt === null ? 0 : Number(agent.operatorExpiresAt)
    if (expires > 0 && expires < now + SOON_S) {
      items.push({
        key: `operator ${agent.agentId}`,
        level: expires < now ? 'error' : 'warning',
        title:
          expires < now ? `The key of ${agent.name} has expired` : `The key of ${agent.name} expires soon`,
        text: 'Without it the host can’t state commitments. Authorise it again.',
        href,
        deadline: expires,
      })
    }
    for (const each of agent.attention) {
      items.push({
        key: `${agent.agentId} ${each.message}`,
        level: each.level,
        title: each.message,
        text: `${each.hint} (${agent.name})`,
        href,
        deadline: null,
      })
    }
    if (agent.chainError !== null) {
      items.push({
        key: `chain ${agent.agentId}`,
        level: 'warning',
        title: `${agent.name} can’t read the chain`,
        text: `${agent.chainError.message} ${agent.chainError.hint}`,
        href,
        deadline: null,
      })
    }
  }
  for (const source of sources.data ?? []) {
    if (source.state === 'failed') {
      items.push({
        key: `source ${source.sourceId}`,
        level: 'error',
        title: `${source.name} could not be read`,
        text: source.path,
        href: `/u/sources/${source.sourceId}`,
        deadline: null,
      })
    }
  }
  for (const sector of sectors.data ?? []) {
    if (!sector.mounted && sector.state !== 'removed') {
      items.push({
        key: `sector ${sector.sectorId}`,
        level: 'error',
        title: 'A sector is not mounted',
        text: `${sector.path} on ${sector.agentName}: its data can’t be proven until it is back, and the pledge is at stake.`,
        href: '/m/sectors',
        deadline: null,
      })
    }
  }
  items.sort(
    (a, b) =>
      Number(b.level === 'error') - Number(a.level === 'error') ||
      (a.deadline ?? Number.POSITIVE_INFINITY) - (b.deadline ?? Number.POSITIVE_INFINITY),
  )
  return { items, known: agents.data !== undefined }
}
