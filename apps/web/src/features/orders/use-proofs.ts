'use client'

import { useQuery } from '@tanstack/react-query'
import { useTRPC } from '../../lib/trpc.ts'

/** How the wallet's orders are proven: all of them in one question, so that every place on a page shows the same. */
export function useProofs() {
  const trpc = useTRPC()
  return useQuery({ ...trpc.orders.proofs.queryOptions({ days: 30 }), refetchInterval: 60_000 })
}
