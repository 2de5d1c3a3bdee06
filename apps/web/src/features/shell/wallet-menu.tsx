'use client'

import { faucetCall } from '@dmc/core/chain/acts/token-call'
import { tokenAbi } from '@dmc/core/chain/generated/token-abi'
import { useMutation } from '@tanstack/react-query'
import { Droplets, LogOut } from 'lucide-react'
import { useBalance, useReadContract } from 'wagmi'
import { dmc, eth } from '../../lib/amounts.ts'
import { useChainConfig } from '../../lib/chain-config.tsx'
import { useOwner } from '../../lib/session.tsx'
import { useTRPC } from '../../lib/trpc.ts'
import { Button } from '../../ui/button.tsx'
import { Facts } from '../../ui/facts.tsx'
import { Hex } from '../../ui/hex.tsx'
import { TransactPanel } from '../transactions/transact-panel.tsx'
import { useTransact } from '../transactions/use-transact.ts'

/** Balances, test tokens, sign out; loaded when the chip is opened. */
export function WalletMenu() {
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
