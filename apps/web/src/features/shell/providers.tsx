'use client'

import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { NuqsAdapter } from 'nuqs/adapters/next/app'
import { type ReactNode, useEffect, useState } from 'react'
import { type ChainConfig, ChainConfigProvider } from '../../lib/chain-config.tsx'
import { hashQuery } from '../../lib/hash-query.ts'
import { Live } from '../../lib/live.tsx'
import { makePageApi } from '../../lib/page-api.ts'
import { SessionProvider } from '../../lib/session.tsx'
import { TRPCProvider } from '../../lib/trpc.ts'
import { Toaster } from '../../ui/toaster.tsx'
import { TrayWatch } from '../transactions/tray-watch.tsx'

/** How long a dropped connection may take to come back before anyone is told. */
const GRACE_MS = 1_200

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
  const [api] = useState(() =>
    makePageApi(typeof window === 'undefined' ? 'http://localhost' : window.location.origin, {
      onEnded: address === null ? () => {} : () => setEnded(true),
    }),
  )
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined
    const state = api.socket().connectionState.subscribe({
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
      state.unsubscribe()
      api.close()
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
