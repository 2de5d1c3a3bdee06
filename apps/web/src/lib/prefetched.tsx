import 'server-only'
import { dehydrate, HydrationBoundary, QueryClient, type QueryKey } from '@tanstack/react-query'
import { createTRPCClient } from '@trpc/client'
import { createTRPCOptionsProxy, type TRPCOptionsProxy } from '@trpc/tanstack-react-query'
import type { ReactNode } from 'react'
import type { AppRouter, Caller } from '../server/router.ts'
import { hashQuery } from './hash-query.ts'
import { serverApi } from './server-api.ts'

type Keys = TRPCOptionsProxy<AppRouter>
export type Question = readonly [key: QueryKey, ask: Promise<unknown>]

// only its keys are used: what is asked here is asked in this process
const keys: Keys = createTRPCOptionsProxy<AppRouter>({
  client: createTRPCClient<AppRouter>({ links: [] }),
  queryClient: new QueryClient(),
})

/**
 * Asks on the server what the page would ask first, so that it comes filled and not as grey bars. A question that fails is asked again
 * by the page, which then says what is wrong.
 *
 * @param questions exactly the keys that the components below use, with the same inputs
 */
export async function Prefetched({
  questions,
  children,
}: {
  questions: (keys: Keys, api: Caller) => readonly Question[]
  children: ReactNode
}) {
  const queries = new QueryClient({
    defaultOptions: { queries: { queryKeyHashFn: hashQuery, retry: false } },
  })
  const api = await serverApi()
  await Promise.all(
    questions(keys, api).map(([queryKey, ask]) => queries.prefetchQuery({ queryKey, queryFn: () => ask })),
  )
  return <HydrationBoundary state={dehydrate(queries)}>{children}</HydrationBoundary>
}
