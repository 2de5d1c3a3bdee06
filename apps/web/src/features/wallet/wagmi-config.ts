import { defineChain } from 'viem'
import { createConfig, http, injected } from 'wagmi'
import type { ChainConfig } from '../../lib/chain-config.tsx'
import { testAccount } from './test-account.ts'

/**
 * The wallets of this browser (EIP-6963) on the one chain that the dashboard serves. Reads go through the dashboard's own proxy, so no
 * third host ever learns who looks at what.
 */
export function makeWagmiConfig(config: ChainConfig, { ssr }: { ssr: boolean }) {
  const chain = defineChain({
    id: config.chainId,
    name: config.chainName,
    nativeCurrency: { name: 'Ether', symbol: 'ETH', decimals: 18 },
    rpcUrls: {
      default: {
        http: [
          typeof window === 'undefined'
            ? 'http://localhost'
            : new URL(config.rpcPath, window.location.origin).href,
        ],
      },
    },
    ...(config.explorerUrl === null
      ? {}
      : { blockExplorers: { default: { name: 'Explorer', url: config.explorerUrl } } }),
  })
  return createConfig({
    chains: [chain],
    connectors: config.isDevnet
      ? [
          injected({
            target: { id: 'dmc.test', name: 'Test account', provider: testAccount(config) } as never,
          }),
        ]
      : [],
    transports: { [chain.id]: http(undefined, { batch: true, retryCount: 2 }) },
    multiInjectedProviderDiscovery: true,
    ssr,
    pollingInterval: config.isDevnet ? 1_000 : 4_000,
  })
}

let known: ReturnType<typeof makeWagmiConfig> | null = null

/**
 * The wallets for a page that signs; one for as long as it is open, since its chain does not change. This file is loaded when something
 * is signed or followed, not with the page.
 */
export function walletsOf(config: ChainConfig): ReturnType<typeof makeWagmiConfig> {
  known ??= makeWagmiConfig(config, { ssr: false })
  return known
}
