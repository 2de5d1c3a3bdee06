import Link from 'next/link'
import { shortHex } from '../../lib/short-hex.ts'
import { LinkButton } from '../../ui/button.tsx'
import { Brand } from './brand.tsx'
import { ThemeSwitch } from './theme-switch.tsx'

/** Head of the pages that need no sign-in; written by the server. */
export function SiteHeader({ address }: { address: string | null }) {
  return (
    <header className="sticky top-0 z-30 border-b border-line bg-bg/85 backdrop-blur-md">
      <div className="mx-auto flex h-14 max-w-6xl items-center gap-2 px-4 sm:px-6">
        <Link href="/" aria-label="DMC, to the start page" className="mr-2 rounded-lg sm:mr-4">
          <Brand />
        </Link>
        <nav aria-label="Site" className="flex items-center gap-1 text-sm">
          <Link
            href="/market"
            prefetch={false}
            className="rounded-lg px-2.5 py-1.5 font-medium text-soft hover:bg-raised hover:text-text"
          >
            Market
          </Link>
          <Link
            href="/#how"
            prefetch={false}
            className="hidden rounded-lg px-2.5 py-1.5 font-medium text-soft hover:bg-raised hover:text-text sm:block"
          >
            How it works
          </Link>
        </nav>
        <div className="ml-auto flex items-center gap-1.5">
          <ThemeSwitch />
          {address === null ? (
            <LinkButton href="/connect" look="primary" size="small" prefetch={false}>
              Connect
            </LinkButton>
          ) : (
            <LinkButton href="/u" size="small" prefetch={false}>
              Dashboard
              <span className="hidden font-mono text-xs text-muted sm:inline">{shortHex(address)}</span>
            </LinkButton>
          )}
        </div>
      </div>
    </header>
  )
}
