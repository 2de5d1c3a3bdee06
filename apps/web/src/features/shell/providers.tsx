'use client'

import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { createTRPCClient, httpBatchLink, splitLink, type TRPCLink, wsLink } from '@trpc/client'
import { observable } from '@trpc/server/observable'
import { NuqsAdapter } from 'nuqs/adapters/next/app'
import { type ReactNode, useEffect, useState } from 'react'
import superjson from 'superjson'
import { type ChainConfig, ChainConfigProvider } from '../../lib/chain-config.tsx'
import { isSignedOut } from '../../lib/error-text.ts'
import { hashQuery } from '../../lib/hash-query.ts'
import { Live } from '../../lib/live.tsx'
import { openSocket } from '../../lib/open-socket.ts'
import { SessionProvider } from '../../lib/session.tsx'
import { TRPCProvider } from '../../lib/trpc.ts'
import type { AppRouter } from '../../server/router.ts'
import { Toaster } from '../../ui/toaster.tsx'
import { TrayWatch } from '../transactions/tray-watch.tsx'

/** How long a dropped connection may take to come back before anyone is told. */
const GRACE_MS = 1_200
/** How the server closes the socket of a session that has ended. */
const SESSION_ENDED = 4403
/** One's own sign-out closes it, too, and leaves the page: nobody needs to be told then. */
const LEAVE_MS = 1_000

/** Everything that signed-in pages need: chain, API, live feed, transactions. Wallets are loaded when something is signed. */
export function Providers({
  config,
  address,
  children,
}: {
  config: ChainConfig
  address: `0x${string}` | null
  children: ReactNode
}) {
  const [lostSince, setLostSince] = useState<number | null>(null)
  const [ended, setEnded] = useState(false)
  const [queries] = useState(
    () =>
      new QueryClient({
        defaultOptions: {
          queries: { staleTime: 5_000, retry: 1, refetchOnWindowFocus: true, queryKeyHashFn: hashQuery },
        },
      }),
  )
  const [api] = useState(() => makeApi(address === null ? () => {} : () => setEnded(true)))
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined
    const state = api.socket?.connectionState.subscribe({
      next: (now) => {
        if (now.state === 'pending') {
          clearTimeout(timer)
          setLostSince(null)
        } else if (now.state === 'connecting' && now.error !== null && timer === undefined) {
          const since = Date.now()
          timer = setTimeout(() => setLostSince(since), GRACE_MS)
        }
        if (now.state === 'pending') timer = undefined
      },
    })
    return () => {
      clearTimeout(timer)
      state?.unsubscribe()
    }
  }, [api])
  // a socket is refused without a reason that a page could read: a session that has ended looks like a lost connection
  useEffect(() => {
    if (lostSince === null || address === null) return
    api.client.auth.me.query().then(
      (me) => setEnded(me === null),
      () => {}, // out of reach indeed
    )
  }, [api, lostSince, address])
  return (
    <ChainConfigProvider value={config}>
      <QueryClientProvider client={queries}>
        <TRPCProvider trpcClient={api.client} queryClient={queries}>
          <SessionProvider address={address} ended={ended}>
            <Live lostSince={lostSince}>
              {address === null ? null : <TrayWatch owner={address} />}
              <NuqsAdapter>{children}</NuqsAdapter>
              <Toaster />
            </Live>
          </SessionProvider>
        </TRPCProvider>
      </QueryClientProvider>
    </ChainConfigProvider>
  )
}

function makeApi(onEnded: () => void) {
  const inBrowser = typeof window !== 'undefined'
  const origin = inBrowser ? window.location.origin : 'http://localhost'
  const http = httpBatchLink({ url: `${origin}/api/trpc`, transformer: superjson, maxURLLength: 2_000 })
  if (!inBrowser) return { socket: null, client: createTRPCClient<AppRouter>({ links: [http] }) }
  const socket = openSocket(`${origin.replace(/^http/, 'ws')}/api/ws`, {
    onClose: (cause) => {
      if (cause?.code === SESSION_ENDED) setTimeout(onEnded, LEAVE_MS)
    },
  })
  const client = createTRPCClient<AppRouter>({
    links: [
      watchSession(onEnded),
      splitLink({
        condition: (op) => op.type === 'subscription',
        true: wsLink({ client: socket, transformer: superjson }),
        false: http,
      }),
    ],
  })
  return { socket, client }
}

/** Hears when any answer says that nobody is signed in any more. */
const watchSession =
  (onEnded: () => void): TRPCLink<AppRouter> =>
  () =>
  ({ op, next }) =>
    observable((observer) =>
      next(op).subscribe({
        next: (value) => observer.next(value),
        complete: () => observer.complete(),
        error: (error) => {
          if (isSignedOut(error)) onEnded()
          observer.error(error)
        },
      }),
    )
