import type { ChainCall } from '@dmc/core/chain/acts/market-call'
import type { MarketEvent } from '@dmc/core/chain/decode-log'
import type { Address, Hex, LocalAccount } from 'viem'
import type { Journal } from '../store/journal.ts'
import type { Store } from '../store/open-store.ts'
import type { TokensTaken } from './check-balances.ts'
import type { RpcClient } from './rpc-client.ts'
import type { Urgency } from './urgency.ts'

/** A transaction that somebody wants. */
export interface TransactionRequest {
  /** Names the wish, not the try: the same intent is sent at most once, however often it is asked for. */
  intent: string
  account: LocalAccount
  call: ChainCall
  /** Tokens that leave the sender, checked before it is signed. */
  takes?: TokensTaken
  /** For the journal: `order:12`, `bill:3`. */
  subject?: string
  /** Send anew when an earlier transaction of this intent was mined but reverted (it changed nothing). */
  retryFailed?: boolean
  /** It is worth something only until a time: more is offered as that comes nearer, and nothing is sent after it. */
  urgency?: Urgency
}

export interface TransactionResult {
  intent: string
  name: string
  sender: Address
  hash: Hex
  nonce: number
  blockNumber: bigint
  blockHash: Hex
  gasUsed: bigint
  /** What the gas cost, in wei of the chain's coin. */
  feeWei: bigint
  /** The Market's events in it, in order. */
  events: MarketEvent[]
}

/** Progress of one transaction, for people. */
export interface TransactionProgress {
  name: string
  hash: Hex
  state: 'sent' | 'mined' | 'confirmed'
  confirmations: number
  /** Of `confirmations`. */
  wanted: number
  gasUsed?: bigint
}

export interface SendOptions {
  onProgress?: (progress: TransactionProgress) => void
  /** The caller goes away; the transaction itself is followed on. Throws INTERRUPTED. */
  signal?: AbortSignal
  /** How long the caller waits before TX_DROPPED (the transaction is followed on); default 10 minutes. */
  patienceMs?: number
}

export interface SenderOptions {
  store: Store
  journal: Journal
  rpc: RpcClient
  market: Address
  /** Keys that may sign a dearer or a renewed form of what was recorded before a restart. */
  accounts?: readonly LocalAccount[]
  /** Sent again when it is not mined after this; default 10 polls, at least 3 s. */
  rebroadcastMs?: number
  /** A dearer form is signed when it is not mined after this; default 90 s. */
  bumpAfterMs?: number
  /** A nonce that somebody left out below ours is used up by an empty transaction after this; default 3 minutes. */
  fillGapAfterMs?: number
  /** Highest price of a unit of gas that is ever offered, in wei; default 500 gwei. */
  maxFeePerGas?: bigint
  /** First pause after a failed look at the chain; default 1 s, doubled up to 30 s. */
  firstBackOffMs?: number
}
