'use client'

import type { ChainCall } from '@dmc/core/chain/acts/market-call'
import { type PermitRequest, permitTypedData, type SignedPermit } from '@dmc/core/chain/acts/permit'
import { tokenAbi } from '@dmc/core/chain/generated/token-abi'
import { decodeMarketError, revertDataOf } from '@dmc/core/chain/market-errors'
import { readPermitDomain } from '@dmc/core/chain/read-permit-domain'
import { useState } from 'react'
import { type Address, type PublicClient, parseSignature } from 'viem'
import { useConfig, usePublicClient } from 'wagmi'
import {
  connect,
  getConnection,
  getConnectors,
  reconnect,
  sendTransaction,
  signTypedData,
  switchChain,
} from 'wagmi/actions'
import { eth, pay } from '../../lib/amounts.ts'
import { useChainConfig } from '../../lib/chain-config.tsx'
import { useOwner } from '../../lib/session.tsx'
import { shortHex } from '../../lib/short-hex.ts'
import { isRejection } from '../wallet/is-rejection.ts'
import { addToTray, type FollowUp, type TrayEntry, trayKey, useTray } from './tray-store.ts'

export type TransactStep = 'idle' | 'checking' | 'permit' | 'wallet' | 'sent'

export interface Act {
  title: string
  /** Token wei that the Market takes: a permit over exactly that is signed first. 0: none. */
  takes: bigint
  /** The transaction; without a permit it is only simulated. */
  call: (permit: SignedPermit | null) => ChainCall
  followUp?: FollowUp
}

interface Problem {
  message: string
  hint: string
}

/**
 * The one way in which anything is sent: simulate, decoded revert before the wallet opens, permit, wallet, submitted, then the tray
 * follows it. A "no" in the wallet ends it silently; a failed node is never answered by sending again.
 */
export function useTransact() {
  const config = useChainConfig()
  const owner = useOwner()
  const wagmi = useConfig()
  const client = usePublicClient() as PublicClient
  const key = trayKey(config.chainId, owner)
  const [step, setStep] = useState<TransactStep>('idle')
  const [problem, setProblem] = useState<Problem | null>(null)
  const [id, setId] = useState<string | null>(null)
  const entry = useTray(key).find((candidate) => candidate.id === id) ?? null

  const fail = (message: string, hint: string) => {
    setProblem({ message, hint })
    setStep('idle')
    return null
  }

  const run = async (act: Act): Promise<string | null> => {
    setProblem(null)
    setId(null)
    setStep('checking')
    try {
      // The wallet comes first: its account and chain decide what a simulation means.
      const connector = await connectorOf(wagmi, owner)
      if (typeof connector === 'string')
        return fail(connector, 'Choose the account in your wallet that you signed in with.')
      const bare = act.call(null)
      const wrong = await whyNot(client, owner, bare, act.takes, config.token)
      if (wrong !== null) return fail(wrong.message, wrong.hint)
      if ((await connector.getChainId()) !== config.chainId)
        await switchChain(wagmi, { chainId: config.chainId, connector })

      let call = bare
      if (act.takes > 0n) {
        setStep('permit')
        const permit = await signPermit(wagmi, client, {
          token: config.token,
          chainId: config.chainId,
          owner,
          spender: config.market,
          value: act.takes,
        })
        call = act.call(permit)
        setStep('checking')
        await client.call({ account: owner, to: call.to, data: call.data, value: call.value })
      }
      setStep('wallet')
      const [nonce, block, gas] = await Promise.all([
        client.getTransactionCount({ address: owner, blockTag: 'pending' }),
        client.getBlockNumber({ cacheTime: 0 }),
        client.estimateGas({
          account: owner,
          to: call.to,
          data: call.data,
          value: call.value,
          blockTag: 'latest',
        }),
      ])
      const hash = await sendTransaction(wagmi, {
        to: call.to,
        data: call.data,
        value: call.value,
        // An estimate is exact for this block; the next one may need a little more.
        gas: gas + gas / 5n,
        account: owner,
        connector,
      })
      const added: TrayEntry = {
        id: crypto.randomUUID(),
        title: act.title,
        hash,
        from: owner,
        to: call.to,
        data: call.data,
        value: String(call.value),
        nonce,
        submittedAt: Date.now(),
        submittedBlock: String(block),
        state: 'submitted',
        confirmations: 0,
        ...(act.followUp === undefined ? {} : { followUp: act.followUp }),
      }
      addToTray(key, added)
      setId(added.id)
      setStep('sent')
      return added.id
    } catch (error) {
      setStep('idle')
      if (isRejection(error)) return null
      if (revertDataOf(error) !== null) {
        const { message, hint } = decodeMarketError(error)
        return fail(message, hint)
      }
      const { shortMessage, details, message } = error as {
        shortMessage?: string
        details?: string
        message?: string
      }
      return fail(
        `It was not sent: ${(details ?? shortMessage ?? message ?? 'the wallet did not say why').split('\n')[0]}`,
        'Nothing happened on chain. Check the wallet and try again.',
      )
    }
  }
  const reset = () => {
    setStep('idle')
    setProblem(null)
    setId(null)
  }
  return { run, reset, step, problem, entry, trayKey: key }
}

type WagmiConfig = ReturnType<typeof useConfig>

/** The connected wallet, connected again when the page was reloaded; a sentence when it stands on another account. */
async function connectorOf(wagmi: WagmiConfig, owner: Address) {
  let connection = getConnection(wagmi)
  if (connection.connector === undefined) {
    await reconnect(wagmi).catch(() => [])
    connection = getConnection(wagmi)
  }
  if (connection.connector === undefined) {
    const candidates = getConnectors(wagmi).filter(
      (candidate) => candidate.type === 'injected' && candidate.id !== 'injected',
    )
    const only = candidates.length === 1 ? candidates[0] : undefined
    if (only === undefined) return 'No wallet is connected to this page.'
    await connect(wagmi, { connector: only })
    connection = getConnection(wagmi)
  }
  if (connection.address?.toLowerCase() !== owner.toLowerCase()) {
    return `The wallet stands on ${shortHex(connection.address ?? '')}, you are signed in as ${shortHex(owner)}.`
  }
  return connection.connector ?? 'No wallet is connected to this page.'
}

/**
 * Would it succeed? Without the permit the Market can't take the tokens, so a missing allowance as the only objection means that the
 * terms are fine; whether the tokens are there is asked apart.
 */
async function whyNot(
  client: PublicClient,
  owner: Address,
  call: ChainCall,
  takes: bigint,
  token: Address,
): Promise<Problem | null> {
  const [tokens, coin] = await Promise.all([
    takes === 0n
      ? 0n
      : client.readContract({ address: token, abi: tokenAbi, functionName: 'balanceOf', args: [owner] }),
    client.getBalance({ address: owner }),
  ])
  if (tokens < takes) {
    return {
      message: `This takes ${pay(takes)}, your wallet has ${pay(tokens)}.`,
      hint: 'Get more DMC first; on a devnet the faucet in the wallet menu gives some.',
    }
  }
  if (coin <= call.value) {
    return {
      message: `Your wallet has ${eth(coin)} for gas${call.value > 0n ? `, and ${eth(call.value)} go to the agent’s key` : ''}.`,
      hint: 'Add some of the chain’s coin to the wallet.',
    }
  }
  try {
    await client.call({ account: owner, to: call.to, data: call.data, value: call.value })
    return null
  } catch (error) {
    if (revertDataOf(error) === null) throw error
    const known = decodeMarketError(error)
    if (takes > 0n && known.meta.error === 'ERC20InsufficientAllowance') return null
    return { message: known.message, hint: known.hint }
  }
}

/** EIP-2612: one signature instead of an approve transaction; over exactly the amount, for an hour. */
async function signPermit(
  wagmi: WagmiConfig,
  client: PublicClient,
  wish: Pick<PermitRequest, 'token' | 'chainId' | 'owner' | 'spender' | 'value'>,
): Promise<SignedPermit> {
  const [domain, block] = await Promise.all([
    readPermitDomain(client, { token: wish.token, owner: wish.owner }),
    client.getBlock(),
  ])
  const deadline = block.timestamp + 3_600n
  const signature = await signTypedData(wagmi, {
    ...permitTypedData({ ...wish, ...domain, deadline }),
    account: wish.owner,
  })
  const { r, s, yParity } = parseSignature(signature)
  return { value: wish.value, deadline, v: 27 + yParity, r, s }
}
