'use client'

import { useQueryClient } from '@tanstack/react-query'
import { createContext, type ReactNode, useContext, useEffect, useRef, useState } from 'react'
import { listenToFeed } from './live-feed.ts'
import { useTRPCClient } from './trpc.ts'

/** When the connection was lost (JavaScript time); null while it stands. */
const LostSince = createContext<number | null>(null)
export const useLostSince = () => useContext(LostSince)

/** Which queries a topic of the live feed makes old. The word before ':' is the topic's kind. */
const KINDS = {
  head: ['chain'],
  bill: ['market'],
  order: ['market', 'orders', 'money'],
  challenge: ['market'],
  payment: ['market', 'money'],
  endpoint: ['market'],
  operator: ['agents'],
  contract: ['orders'],
  proof: ['orders'],
  answer: ['orders'],
  source: ['sources'],
  snapshot: ['snapshots', 'sources'],
  schedule: ['schedules'],
  sector: ['sectors'],
  job: ['restores', 'sources'],
  command: ['commands'],
  agent: ['agents', 'sources', 'sectors'],
  pairing: ['agents'],
  journal: ['journal'],
  alert: ['alerts'],
  settings: ['settings'],
  message: ['settings'],
} as const

/**
 * Listens to the one live feed while the page is open and marks what it shows as old, several changes at once at most every 150 ms.
 * With its first word everything that the page came with is asked again, once. After a drop the feed resumes from the last id; because changes only say what to ask again, a doubled one is harmless.
 */
export function Live({ lostSince, children }: { lostSince: number | null; children: ReactNode }) {
  const client = useTRPCClient()
  const queries = useQueryClient()
  const waiting = useRef(new Set<string>())
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined
    const flush = () => {
      timer = undefined
      const paths = waiting.current
      waiting.current = new Set()
      if (paths.has('*')) {
        queries.invalidateQueries()
        return
      }
      queries.invalidateQueries({
        predicate: ({ queryKey }) => {
          const path = queryKey[0]
          return Array.isArray(path) && typeof path[0] === 'string' && paths.has(path[0])
        },
      })
    }
    const feed = listenToFeed(client, (topics) => {
      for (const topic of topics) {
        const kind = topic.split(':')[0] as keyof typeof KINDS
        // `*`: too much was missed, everything is asked again
        for (const path of topic === '*' ? ['*'] : (KINDS[kind] ?? [])) waiting.current.add(path)
      }
      timer ??= setTimeout(flush, 150)
    })
    return () => {
      clearTimeout(timer)
      feed.stop()
    }
  }, [client, queries])

  // What was missed while the connection was away is asked for once it is back.
  const [wasLost, setWasLost] = useState(false)
  useEffect(() => {
    if (lostSince !== null) setWasLost(true)
    else if (wasLost) {
      setWasLost(false)
      queries.invalidateQueries()
    }
  }, [lostSince, wasLost, queries])
  return <LostSince value={lostSince}>{children}</LostSince>
}
