import type { MarketParameters } from '@dmc/core/market/parameters'
import type { Database } from '@dmc/db/open-database'
import type { Address, PublicClient } from 'viem'
import type { WebEnv } from '../env.ts'
import type { Mailer } from './alerts/mailer.ts'
import type { TokenBuckets } from './http/token-bucket.ts'
import type { AgentLinks } from './live/agent-links.ts'
import type { ChangeFeed } from './live/change-feed.ts'
import type { CommandBell } from './live/command-bell.ts'
import type { RpcCheck } from './rpc-check.ts'

/** What procedures work with; assembled once in `open-services.ts`. */
export interface Services {
  env: WebEnv
  /** Where people reach this dashboard; what sign-ins are bound to. */
  origin: string
  /** Every origin from which browsers may act, `origin` first. */
  origins: readonly string[]
  db: Database
  chain: ChainServices
  feed: ChangeFeed
  bell: CommandBell
  links: AgentLinks
  /** Costly things that anybody may ask for, by address. */
  costly: TokenBuckets
  /** Nonces of agents, by address: many agents behind one come back at once. */
  agentNonces: TokenBuckets
  /** Reports of an agent, by its id. */
  reports: TokenBuckets
  /** Sends mail; null: this dashboard has no mail server. */
  mailer: Mailer | null
}

export interface ChainServices {
  client: PublicClient
  chainId: number
  market: Address
  /** Of each RPC, before it is asked. */
  check: RpcCheck
  /** Fixed for good; asked once. @throws RPC_* */
  facts(): Promise<{ token: Address; parameters: MarketParameters }>
}
