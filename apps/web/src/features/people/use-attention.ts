import { useQuery } from '@tanstack/react-query'
import { useTRPC } from '../../lib/trpc.ts'
import type { RouterOutputs } from '../../server/router.ts'

export type Alert = RouterOutputs['alerts']['list']['items'][number]

/** The open alerts, worst and most urgent first, as the dashboard's rules found them. */
export function useAttention() {
  const trpc = useTRPC()
  const query = useQuery(trpc.alerts.list.queryOptions({ show: 'open' }))
  return {
    query,
    items: query.data?.items ?? [],
    count: query.data?.counts.open ?? 0,
    known: query.data !== undefined,
  }
}
