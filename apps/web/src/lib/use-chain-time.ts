'use client'

import { useQuery } from '@tanstack/react-query'
import { useTRPC } from './trpc.ts'

/** The chain's time now (unix seconds), by its newest block and what has passed here since; deadlines are the chain's. */
export function useChainTime(): { now: bigint; skew: number } {
  const trpc = useTRPC()
  const { data, dataUpdatedAt } = useQuery(trpc.chain.status.queryOptions())
  const wall = Date.now() / 1000
  const head = data?.head?.time
  // between two blocks the chain stands still: only a clock that is set differently counts
  const ahead = head === undefined ? 0 : Number(head) - dataUpdatedAt / 1000
  const skew = ahead > 5 || ahead < -120 ? ahead : 0
  return { now: BigInt(Math.floor(wall + skew)), skew }
}
