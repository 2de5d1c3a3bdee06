'use client'

import { createContext, type ReactNode, useContext } from 'react'
import type { Address } from 'viem'

const Context = createContext<Address | null>(null)

const Ended = createContext(false)

export function SessionProvider({
  address,
  ended,
  children,
}: {
  address: Address | null
  /** The server does not know the session any more. */
  ended: boolean
  children: ReactNode
}) {
  return (
    <Context value={address}>
      <Ended value={ended}>{children}</Ended>
    </Context>
  )
}

/** True on a page that was opened by somebody who is signed in no more. */
export const useSessionEnded = (): boolean => useContext(Ended)

/** The signed-in wallet; null on pages before the sign-in. */
export const useSession = (): Address | null => useContext(Context)

/** The signed-in wallet, on pages that are only shown to one. */
export function useOwner(): Address {
  const address = useContext(Context)
  if (address === null) throw new Error('useOwner is used outside of a signed-in page')
  return address
}
