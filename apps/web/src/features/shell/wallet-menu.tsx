'use client'

import { useMutation, useQuery } from '@tanstack/react-query'
import { Droplets, LogOut } from 'lucide-react'
import { dmc, eth } from '../../lib/amounts.ts'
import { useChainConfig } from '../../lib/chain-config.tsx'
import { readMoney } from '../../lib/chain-read.ts'
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
  const money = useQuery({
    queryKey: ['money', owner],
    queryFn: () => readMoney(config, owner),
    refetchInterval: 5_000,
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
          ['Balance', money.data === undefined ? '…' : dmc(money.data.token)],
          ['For gas', money.data === undefined ? '…' : eth(money.data.coin)],
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
            transact.run({
              title: 'Test tokens',
              takes: 0n,
              call: async () => (await import('@dmc/core/chain/acts/token-call')).faucetCall(config.token),
            })
          }
        />
      ) : null}
      <Button look="quiet" onClick={() => signOut.mutate()} disabled={signOut.isPending}>
        <LogOut aria-hidden /> Sign out
      </Button>
    </div>
  )
}
