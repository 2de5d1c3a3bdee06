'use client'

import dynamic from 'next/dynamic'
import type { Address } from 'viem'
import { useChainConfig } from '../../lib/chain-config.tsx'
import { needsWork, trayKey, useTray } from './tray-store.ts'

const TrayRunner = dynamic(() => import('./tray-runner.tsx').then((module) => module.TrayRunner), {
  ssr: false,
})

/** Loads what follows transactions only while there is one to follow. */
export function TrayWatch({ owner }: { owner: Address }) {
  const config = useChainConfig()
  const open = useTray(trayKey(config.chainId, owner)).some(needsWork)
  return open ? <TrayRunner owner={owner} /> : null
}
