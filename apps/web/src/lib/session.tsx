'use client'

import { createContext, type ReactNode, useContext } from 'react'
import type { Address } from 'viem'

const Context = createContext<Address | null>(null)

export function SessionProvider({ address, children }: { address: Address | null; children: ReactNode }) {
  return <Context value={address}>{children}</Context>
}

/** The signed-in wallet; null on pages before the sign-in. */
export const useSession = (): Address | null => useContext(Context)

/** The signed-in wallet, on pages that are only shown to one. */
export function useOwner(): Address {
  const address = useContext(Context)
  if (address === null) throw new Error('useOwner is used outside of a signed-in page')
  return address
}
