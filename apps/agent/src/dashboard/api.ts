import { DmcError } from '@dmc/core/errors/dmc-error'
import { reviveError } from '@dmc/core/errors/to-dmc-error'
import type { AppRouter } from '@dmc/web/server/router'
import { createTRPCClient, httpLink } from '@trpc/client'
import superjson from 'superjson'
import { plainFetch } from '../chain/plain-fetch.ts'

export type DashboardApi = ReturnType<typeof dashboardApi>

const ANSWER_MS = 20_000
const ANSWER_BYTES = 256 * 1024

/** The dashboard's procedures over HTTP, for what comes before a socket: nonces and pairing. */
export function dashboardApi(origin: string, signal: AbortSignal) {
  return createTRPCClient<AppRouter>({
    links: [
      httpLink({
        url: `${origin}/api/trpc`,
        transformer: superjson,
        fetch: async (input, init) => {
          const how: RequestInit = {
            ...(init as RequestInit),
            // another place is another dashboard
            redirect: 'error',
            signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]),
          }
          const answer = await plainFetch(input as string, how, ANSWER_BYTES)
          return new Response(await answer.text(), { status: answer.status, headers: answer.headers })
        },
      }),
    ],
  })
}

/** What a call failed with, as one of our errors: the dashboard's own, or that it can't be reached. */
export function dashboardError(origin: string, thrown: unknown): DmcError {
  if (DmcError.is(thrown)) return thrown
  const data = (thrown as { data?: { dmc?: unknown } | null }).data
  if (data?.dmc) return reviveError(data.dmc)
  const cause = (thrown as { cause?: unknown }).cause
  const why =
    cause instanceof Error ? ((cause.cause as Error | undefined)?.message ?? cause.message) : String(thrown)
  return new DmcError(
    'DASHBOARD_UNREACHABLE',
    `The dashboard at ${origin} does not answer: ${why.slice(0, 200)}.`,
    {
      hint: 'Check the address and the network.',
      cause: thrown,
    },
  )
}
