import type { MarketParameters } from '@dmc/core/market/parameters'
import type { Address, PublicClient } from 'viem'
import type { WebEnv } from '../env.ts'

/** What procedures work with; assembled once in `start.ts`. */
export interface Services {
  env: WebEnv
  /** Where people reach this dashboard; what sign-ins are bound to. */
  origin: string
  chain: ChainServices
}

export interface ChainServices {
  client: PublicClient
  chainId: number
  market: Address
  /** Fixed for good; asked once. @throws RPC_* */
  facts(): Promise<{ token: Address; parameters: MarketParameters }>
}
