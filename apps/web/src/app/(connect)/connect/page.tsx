import type { Metadata } from 'next'
import Link from 'next/link'
import { redirect } from 'next/navigation'
import { Providers } from '../../../features/shell/providers.tsx'
import { Brand } from '../../../features/site/brand.tsx'
import { Problem } from '../../../features/site/problem.tsx'
import { ThemeSwitch } from '../../../features/site/theme-switch.tsx'
import { ConnectPanel } from '../../../features/wallet/connect-panel.tsx'
import { localPath } from '../../../lib/local-path.ts'
import { attempt, serverApi } from '../../../lib/server-api.ts'

export const metadata: Metadata = { title: 'Connect' }

export default async function ConnectPage({
  searchParams,
}: {
  searchParams: Promise<{ next?: string | string[] }>
}) {
  const { next } = await searchParams
  const target = localPath(typeof next === 'string' ? next : '') ?? '/u'
  const api = await serverApi()
  const [me, config] = await Promise.all([attempt(api.auth.me()), attempt(api.config.get())])
  if (me.data !== null) redirect(target)
  return (
    <main id="main" className="mx-auto flex min-h-dvh max-w-md flex-col px-4 py-6">
      <div className="flex items-center justify-between">
        <Link href="/" aria-label="DMC, to the start page" className="rounded-lg">
          <Brand />
        </Link>
        <ThemeSwitch />
      </div>
      <div className="my-auto py-10">
        <h1 className="text-2xl font-semibold tracking-tight">Connect your wallet</h1>
        <p className="mt-1.5 mb-6 text-muted">
          It is your account: nothing to register, nothing to remember.
        </p>
        {config.data === null ? (
          <Problem error={config.error} again="/connect" />
        ) : (
          <Providers config={config.data} address={null}>
            <ConnectPanel next={target} />
          </Providers>
        )}
        <p className="mt-6 text-[0.8125rem] text-muted">
          Only looking?{' '}
          <Link href="/market" className="underline underline-offset-3 hover:text-text">
            The market needs no sign-in
          </Link>
        </p>
      </div>
    </main>
  )
}
