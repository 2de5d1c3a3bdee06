'use client'

import { useEffect } from 'react'
import { toast } from 'sonner'
import type { Address, PublicClient } from 'viem'
import { getConnection, getPublicClient, reconnect } from 'wagmi/actions'
import { useChainConfig } from '../../lib/chain-config.tsx'
import { useTRPCClient } from '../../lib/trpc.ts'
import { walletsOf } from '../wallet/wagmi-config.ts'
import type { WalletProvider } from './batch-calls.ts'
import { followBatch, followOnce } from './follow-transaction.ts'
import { tellFollowUp } from './tell-follow-up.ts'
import { changeInTray, needsWork, type TrayEntry, trayKey, useTray } from './tray-store.ts'

/**
 * Follows every unfinished transaction of this wallet, also those from before a reload, and tells the dashboard what came of them.
 * Telling it twice is harmless; not telling it would leave an order without its source, so it is tried until it works.
 */
export function TrayRunner({ owner }: { owner: Address }) {
  const config = useChainConfig()
  const api = useTRPCClient()
  const key = trayKey(config.chainId, owner)
  const entries = useTray(key)
  const open = entries.filter(needsWork)
  const ids = open.map((entry) => `${entry.id}:${entry.hash}:${entry.state}`).join()
  // biome-ignore lint/correctness/useExhaustiveDependencies: `ids` stands for the entries that need work
  useEffect(() => {
    if (open.length === 0) return
    const wagmi = walletsOf(config)
    const client = getPublicClient(wagmi) as PublicClient
    let stopped = false
    const work = async (entry: TrayEntry) => {
      if (entry.state === 'submitted') {
        const { confirmations, market } = config
        const { batch } = entry
        const change =
          batch !== undefined && entry.hash === '0x'
            ? await followBatch(await providerOf(wagmi), { ...entry, batch })
            : await followOnce(client, entry, { confirmations, market })
        if (stopped || Object.keys(change).length === 0) return
        changeInTray(key, entry.id, change)
        tell(entry, change)
      } else if (entry.followUp !== undefined) {
        await tellFollowUp(api, entry)
        changeInTray(key, entry.id, { followed: true })
      }
    }
    const round = async () => {
      for (const entry of open) await work(entry).catch(() => {})
      if (!stopped) timer = setTimeout(round, config.isDevnet ? 700 : 4_000)
    }
    let timer = setTimeout(round, 0)
    return () => {
      stopped = true
      clearTimeout(timer)
    }
  }, [ids, key])
  return null
}

/** The wallet that was used last; it is not asked to connect. @throws when there is none */
async function providerOf(wagmi: ReturnType<typeof walletsOf>): Promise<WalletProvider> {
  if (getConnection(wagmi).connector === undefined) await reconnect(wagmi)
  const { connector } = getConnection(wagmi)
  if (connector === undefined) throw new Error('no wallet is connected to this page')
  return (await connector.getProvider()) as WalletProvider
}

function tell(entry: TrayEntry, change: Partial<TrayEntry>): void {
  if (change.state === 'done') toast.success(entry.title, { description: 'Confirmed on chain.' })
  if (change.state === 'reverted') {
    toast.error(`${entry.title}: reverted`, { description: change.problem?.message, duration: 15_000 })
  }
  if (change.state === 'replaced') {
    toast.warning(`${entry.title}: replaced`, {
      description: 'Another transaction took its place in your wallet.',
    })
  }
  if (change.state === 'dropped') {
    toast.warning(`${entry.title}: dropped`, {
      description: 'The chain forgot it; nothing happened. Send it again.',
    })
  }
}
