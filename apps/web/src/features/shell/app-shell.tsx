import type { ReactNode } from 'react'
import { ThemeSwitch } from '../site/theme-switch.tsx'
import { TrayMenu } from '../transactions/tray-menu.tsx'
import { AgentHealth } from './agent-health.tsx'
import { AlertsBell } from './alerts-bell.tsx'
import { Fading, LostBanner } from './lost-banner.tsx'
import { MobileNav } from './mobile-nav.tsx'
import { NetworkChip } from './network-chip.tsx'
import { SideNav } from './side-nav.tsx'
import { WalletChip } from './wallet-chip.tsx'

/** Frame of all signed-in pages: navigation on the left, what is true everywhere on top. */
export function AppShell({ children }: { children: ReactNode }) {
  return (
    <div className="lg:grid lg:grid-cols-[14.5rem_1fr]">
      <aside className="hidden border-r border-line lg:block">
        <div className="sticky top-0 h-dvh overflow-y-auto">
          <SideNav />
        </div>
      </aside>
      <div className="min-w-0">
        <header className="sticky top-0 z-30 border-b border-line bg-bg/85 backdrop-blur-md">
          <div className="flex h-14 items-center gap-1.5 px-3 sm:gap-2 sm:px-6">
            <MobileNav />
            <NetworkChip />
            <AgentHealth />
            <div className="ml-auto flex items-center gap-0.5 sm:gap-1">
              <TrayMenu />
              <AlertsBell />
              <ThemeSwitch />
              <WalletChip />
            </div>
          </div>
          <LostBanner />
        </header>
        <main id="main" className="mx-auto max-w-6xl px-4 py-6 sm:px-6 sm:py-8">
          <Fading>{children}</Fading>
        </main>
      </div>
    </div>
  )
}
