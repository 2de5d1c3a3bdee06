'use client'

import { faucetCall } from '@dmc/core/chain/acts/token-call'
import { tokenAbi } from '@dmc/core/chain/generated/token-abi'
import { useMutation } from '@tanstack/react-query'
import { ChevronDown, Droplets, LogOut } from 'lucide-react'
import { Popover } from 'radix-ui'
import { useBalance, useReadContract } from 'wagmi'
import { dmc, eth } from '../../lib/amounts.ts'
import { useChainConfig } from '../../lib/chain-config.tsx'
import { useOwner } from '../../lib/session.tsx'
import { shortHex } from '../../lib/short-hex.ts'
import { useTRPC } from '../../lib/trpc.ts'
import { Button } from '../../ui/button.tsx'
import { Facts } from '../../ui/facts.tsx'
import { Hex } from '../../ui/hex.tsx'
import { TransactPanel } from '../transactions/transact-panel.tsx'
import { useTransact } from '../transactions/use-transact.ts'

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

function WalletMenu() {
  const owner = useOwner()
  const config = useChainConfig()
  const trpc = useTRPC()
  const transact = useTransact()
  const every = { refetchInterval: 5_000 }
  const coin = useBalance({ address: owner, query: every })
  const tokens = useReadContract({
    address: config.token,
    abi: tokenAbi,
    functionName: 'balanceOf',
    args: [owner],
    query: every,
  })
  const signOut = useMutation({
    ...trpc.auth.signOut.mutationOptions(),
    onSettled: () => window.location.assign('/'),
  })
  return (
    <div className="grid gap-3">
      <Hex value={owner} what="address" ends={8} />
      <Facts
        className="border-y border-line"
        items={[
          ['Balance', tokens.data === undefined ? '…' : dmc(tokens.data)],
          ['For gas', coin.data === undefined ? '…' : eth(coin.data.value)],
        ]}
      />
      {config.isDevnet ? (
        <TransactPanel
          transact={transact}
          withPermit={false}
          button={
            <>
              <Droplets aria-hidden /> Get test tokens
            </>
          }
          onClick={() =>
            transact.run({ title: 'Test tokens', takes: 0n, call: () => faucetCall(config.token) })
          }
        />
      ) : null}
      <Button look="quiet" onClick={() => signOut.mutate()} disabled={signOut.isPending}>
        <LogOut aria-hidden /> Sign out
      </Button>
    </div>
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
