'use client'

import { useState } from 'react'
import { createSiweMessage } from 'viem/siwe'
import type { Connector } from 'wagmi'
import { useConfig, useConnect } from 'wagmi'
import { getConnection, signMessage, switchChain } from 'wagmi/actions'
import { useChainConfig } from '../../lib/chain-config.tsx'
import { useTRPCClient } from '../../lib/trpc.ts'
import { isRejection } from './is-rejection.ts'

export type SignInStep = 'idle' | 'connecting' | 'switching' | 'signing' | 'checking' | 'done'

export const SIGN_IN_STATEMENT = 'Sign in to the DMC dashboard. This costs nothing and moves nothing.'

/** One click on a wallet: connect, right chain, one signature, session. A "no" in the wallet ends it silently. */
export function useSignIn(onDone: () => void) {
  const config = useChainConfig()
  const wagmi = useConfig()
  const api = useTRPCClient()
  const connect = useConnect()
  const [step, setStep] = useState<SignInStep>('idle')
  const [error, setError] = useState<unknown>(null)
  const [chosen, setChosen] = useState<string | null>(null)

  const signIn = async (connector: Connector) => {
    setError(null)
    setChosen(connector.uid)
    try {
      setStep('connecting')
      const now = getConnection(wagmi)
      if (now.connector?.uid !== connector.uid || now.address === undefined) {
        await connect.mutateAsync({ connector })
      }
      if ((await connector.getChainId()) !== config.chainId) {
        setStep('switching')
        await switchChain(wagmi, { chainId: config.chainId, connector })
      }
      const address = getConnection(wagmi).address
      if (address === undefined) throw new Error('The wallet named no account.')
      setStep('signing')
      const { nonce } = await api.auth.nonce.mutate()
      const message = createSiweMessage({
        address,
        chainId: config.chainId,
        domain: window.location.host,
        uri: window.location.origin,
        version: '1',
        nonce,
        statement: SIGN_IN_STATEMENT,
        issuedAt: new Date(),
        expirationTime: new Date(Date.now() + 5 * 60_000),
      })
      const signature = await signMessage(wagmi, { message, connector, account: address })
      setStep('checking')
      await api.auth.signIn.mutate({ message, signature })
      setStep('done')
      onDone()
    } catch (thrown) {
      setStep('idle')
      if (!isRejection(thrown)) setError(thrown)
    }
  }
  return { signIn, step, error, chosen }
}
