'use client'

import { ChevronDown } from 'lucide-react'
import dynamic from 'next/dynamic'
import { Popover } from 'radix-ui'
import { useOwner } from '../../lib/session.tsx'
import { shortHex } from '../../lib/short-hex.ts'
import { SkeletonRows } from '../../ui/skeleton.tsx'

const WalletMenu = dynamic(() => import('./wallet-menu.tsx').then((module) => module.WalletMenu), {
  ssr: false,
  loading: () => <SkeletonRows rows={3} />,
})

/** The signed-in wallet: balances, test tokens on a devnet, sign out. */
export function WalletChip() {
  const owner = useOwner()
  return (
    <Popover.Root>
      <Popover.Trigger
        aria-label={`Wallet ${shortHex(owner)}`}
        className="flex h-8 items-center gap-1.5 rounded-lg border border-line bg-surface pr-2 pl-2.5 font-mono text-xs hover:bg-raised"
      >
        <Blot address={owner} />
        <span className="hidden sm:inline">{shortHex(owner)}</span>
        <ChevronDown className="size-3.5 text-muted" aria-hidden />
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Content
          align="end"
          sideOffset={6}
          collisionPadding={12}
          aria-label="Wallet"
          className="z-40 w-[min(20rem,calc(100vw-1.5rem))] rounded-xl border border-line bg-surface p-4 shadow-lift motion-safe:animate-rise"
        >
          <WalletMenu />
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  )
}

/** A small picture of an address, drawn from its digits, so that two wallets are told apart at a glance. */
export function Blot({ address }: { address: string }) {
  const hue = Number.parseInt(address.slice(2, 6), 16) % 360
  return (
    <span
      aria-hidden
      className="size-4 shrink-0 rounded-full"
      style={{
        background: `conic-gradient(from ${hue}deg, oklch(0.75 0.13 ${hue}), oklch(0.6 0.15 ${(hue + 90) % 360}), oklch(0.75 0.13 ${hue}))`,
      }}
    />
  )
}
