'use client'

import { createContext, type ReactNode, useContext } from 'react'
import type { RouterOutputs } from '../server/router.ts'

export type ChainConfig = RouterOutputs['config']['get']

const Context = createContext<ChainConfig | null>(null)

export function ChainConfigProvider({ value, children }: { value: ChainConfig; children: ReactNode }) {
  return <Context value={value}>{children}</Context>
}

/** Which chain and Market this dashboard serves; the same for as long as the page is open. */
export function useChainConfig(): ChainConfig {
  const value = useContext(Context)
  if (value === null) throw new Error('useChainConfig is used outside of ChainConfigProvider')
  return value
}
