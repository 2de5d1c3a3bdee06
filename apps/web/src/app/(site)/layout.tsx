import type { ReactNode } from 'react'
import { SiteFooter } from '../../features/site/site-footer.tsx'
import { SiteHeader } from '../../features/site/site-header.tsx'
import { attempt, serverApi } from '../../lib/server-api.ts'

/** Pages that anyone may read: written by the server, next to no JavaScript. */
export default async function SiteLayout({ children }: { children: ReactNode }) {
  const api = await serverApi()
  const [me, config, status] = await Promise.all([
    attempt(api.auth.me()),
    attempt(api.config.get()),
    attempt(api.chain.status()),
  ])
  const chain =
    config.data === null
      ? null
      : {
          name: config.data.chainName,
          chainId: config.data.chainId,
          market: config.data.market,
          block: status.data?.head?.number ?? null,
          lag: status.data?.lag == null ? null : Number(status.data.lag),
        }
  return (
    <>
      <SiteHeader address={me.data?.address ?? null} />
      <main id="main" className="mx-auto max-w-6xl px-4 sm:px-6">
        {children}
      </main>
      <SiteFooter chain={chain} />
    </>
  )
}
