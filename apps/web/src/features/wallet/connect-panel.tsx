'use client'

import { ChevronRight, FlaskConical, LoaderCircle, Wallet } from 'lucide-react'
import { useState } from 'react'
import { useConnectors, WagmiProvider } from 'wagmi'
import { useChainConfig } from '../../lib/chain-config.tsx'
import { errorText } from '../../lib/error-text.ts'
import { Card } from '../../ui/card.tsx'
import { type SignInStep, useSignIn } from './use-sign-in.ts'
import { makeWagmiConfig } from './wagmi-config.ts'

const STEPS: Record<SignInStep, string> = {
  idle: '',
  connecting: 'Confirm the connection in your wallet…',
  switching: 'Switch to the right chain in your wallet…',
  signing: 'Sign the message in your wallet: it costs nothing…',
  checking: 'Checking the signature…',
  done: 'Signed in',
}

/** The wallets of this browser, as they announce themselves (EIP-6963); one click connects and signs in. */
export function ConnectPanel({ next }: { next: string }) {
  const config = useChainConfig()
  const [wagmi] = useState(() => makeWagmiConfig(config, { ssr: true }))
  return (
    <WagmiProvider config={wagmi} reconnectOnMount>
      <Wallets next={next} />
    </WagmiProvider>
  )
}

function Wallets({ next }: { next: string }) {
  const config = useChainConfig()
  const connectors = useConnectors()
  // A whole new page, so that the server knows the session from its first byte on.
  const { signIn, step, error, chosen } = useSignIn(() => window.location.assign(next))
  const wallets = connectors.filter(
    (connector) => connector.type === 'injected' && connector.id !== 'injected',
  )
  const real = wallets.filter((connector) => connector.id !== 'dmc.test')
  const test = wallets.find((connector) => connector.id === 'dmc.test')
  const busy = step !== 'idle'
  const row = (connector: (typeof wallets)[number], name: string, note: string | null) => {
    const mine = busy && chosen === connector.uid
    return (
      <li key={connector.uid}>
        <button
          type="button"
          disabled={busy}
          onClick={() => signIn(connector)}
          className="group flex w-full items-center gap-3.5 px-5 py-3.5 text-left -outline-offset-2 hover:bg-raised disabled:cursor-progress"
        >
          <span className="grid size-9 shrink-0 place-items-center overflow-hidden rounded-lg border border-line bg-raised">
            {connector.icon?.startsWith('data:image/') ? (
              // biome-ignore lint/performance/noImgElement: an icon that the wallet brings along as data
              <img src={connector.icon.trim()} alt="" className="size-6" />
            ) : connector.id === 'dmc.test' ? (
              <FlaskConical className="size-4.5 text-accent-text" aria-hidden />
            ) : (
              <Wallet className="size-4.5 text-muted" aria-hidden />
            )}
          </span>
          <span className="min-w-0 flex-1">
            <span className="block font-medium">{name}</span>
            {mine || note !== null ? (
              <span className="block text-xs text-muted">{mine ? STEPS[step] : note}</span>
            ) : null}
          </span>
          {mine ? (
            <LoaderCircle className="size-4 animate-spin text-muted" aria-hidden />
          ) : (
            <ChevronRight
              className="size-4 text-muted transition-transform group-hover:translate-x-0.5"
              aria-hidden
            />
          )}
        </button>
      </li>
    )
  }
  const problem = error === null ? null : walletError(error)
  return (
    <Card className="overflow-hidden">
      <ul className="divide-y divide-line">
        {real.map((connector) => row(connector, connector.name.slice(0, 60), null))}
        {real.length === 0 ? (
          <li className="px-5 py-5">
            <p className="font-medium">No wallet in this browser</p>
            <p className="mt-0.5 text-[0.8125rem] text-muted">
              Install a wallet extension for Ethereum and reload this page; it announces itself here.
            </p>
          </li>
        ) : null}
        {test === undefined
          ? null
          : row(test, 'Use the test account', 'Devnet only: its tokens are worth nothing')}
      </ul>
      <div aria-live="polite">
        {problem === null ? null : (
          <p role="alert" className="border-t border-line bg-bad-soft px-5 py-3 text-[0.8125rem] text-bad">
            {problem.message} {problem.hint}
          </p>
        )}
        <span className="sr-only">{STEPS[step]}</span>
      </div>
      <p className="border-t border-line bg-raised/50 px-5 py-3 text-xs text-muted">
        {config.chainName}, chain {config.chainId}. Your wallet signs one message; no transaction, no key
        leaves it.
      </p>
    </Card>
  )
}

function walletError(error: unknown): { message: string; hint: string } {
  const { name, shortMessage } = (error ?? {}) as { name?: string; shortMessage?: string }
  if (name === 'SwitchChainNotSupportedError' || name === 'SwitchChainError') {
    return {
      message: 'The wallet did not switch the chain.',
      hint: 'Choose the right chain in the wallet, then try again.',
    }
  }
  if (name === 'ResourceUnavailableRpcError') {
    return { message: 'The wallet has a question open already.', hint: 'Open the wallet and answer it.' }
  }
  if (shortMessage !== undefined) return { message: shortMessage, hint: 'Open the wallet and try again.' }
  return errorText(error)
}
