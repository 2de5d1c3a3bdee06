import type { ReactNode } from 'react'
import { AppShell } from '../../features/shell/app-shell.tsx'
import { NeedSignIn } from '../../features/shell/need-sign-in.tsx'
import { Providers } from '../../features/shell/providers.tsx'
import { Problem } from '../../features/site/problem.tsx'
import { Prefetched } from '../../lib/prefetched.tsx'
import { attempt, serverApi, whoIsSignedIn } from '../../lib/server-api.ts'

/** Signed-in pages. This only decides what to show: every procedure checks for itself who asks. */
export default async function AppLayout({ children }: { children: ReactNode }) {
  const api = await serverApi()
  const [me, config] = await Promise.all([whoIsSignedIn(), attempt(api.config.get())])
  if (config.data === null || me.error !== null) {
    return (
      <main id="main" className="mx-auto max-w-lg px-4 py-20">
        <h1 className="sr-only">Not available</h1>
        <Problem error={config.error ?? me.error} again="/u" />
      </main>
    )
  }
  if (me.data === null) return <NeedSignIn />
  return (
    <Providers config={config.data} address={me.data.address}>
      <Prefetched
        questions={(keys, api) => [
          [keys.agents.list.queryKey(), api.agents.list()],
          [keys.alerts.list.queryKey({ show: 'open' }), api.alerts.list({ show: 'open' })],
          [keys.chain.status.queryKey(), api.chain.status()],
        ]}
      >
        <AppShell>{children}</AppShell>
      </Prefetched>
    </Providers>
  )
}
