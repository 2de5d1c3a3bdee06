import type { MarketParameters } from '@dmc/core/market/parameters'
import type { AlertFactRows } from '@dmc/db/alerts/load-alert-facts'
import type { ChainClock, MarketOrder } from '@dmc/db/market/order-view'
import type { agentRow } from '../agents/agent-row.ts'
import type { AlertSettings } from './alert-settings.ts'

/** What the rules know of one wallet. Nothing in it is asked for while a rule runs. */
export interface OwnerFacts {
  owner: string
  /** Unix seconds of this machine. */
  now: number
  /** null: no block was read yet. */
  chain: ChainFacts | null
  settings: AlertSettings
  /** Preparing, active, and slashed not long ago; of the wallet as user or as miner. */
  orders: MarketOrder[]
  /** What `withdraw` would pay, token wei. */
  credit: bigint
  operators: AlertFactRows['operators']
  agents: ReturnType<typeof agentRow>[]
  sources: AlertFactRows['sources']
  schedules: AlertFactRows['schedules']
  sectors: AlertFactRows['sectors']
  contracts: AlertFactRows['contracts']
  proofs: AlertFactRows['proofs']
  answers: AlertFactRows['answers']
  /** The newest of each source. */
  snapshots: AlertFactRows['snapshots']
  /** The wallet itself, as the chain said not long ago; null: it was not asked, or could not be. */
  balance: { tokens: bigint; coin: bigint } | null
  /** Wei a gas; null: unknown. */
  gasPrice: bigint | null
}

export interface ChainFacts {
  /** The chain's time now: that of its newest block, and what has passed since that was seen. */
  now: number
  parameters: MarketParameters
  /** Seconds since a new block was seen. */
  quietFor: number
  trouble: { code: string; message: string; sinceS: number } | null
}

export type { ChainClock, MarketOrder }

/** Gas of one act of a host's key (a statement, an answer), rounded up. */
export const ACT_GAS = 250_000n
export const DAY = 86_400

/** How many acts this coin pays for; null: the price is unknown. */
export const actsFor = (wei: bigint, gasPrice: bigint | null): number | null =>
  gasPrice === null || gasPrice <= 0n ? null : Number(wei / (ACT_GAS * gasPrice))
