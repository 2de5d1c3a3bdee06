import type { MarketParameters } from '@dmc/core/market/parameters'
import type { Address, LocalAccount } from 'viem'
import type { RpcClient } from '../chain/rpc-client.ts'
import type { TransactionSender } from '../chain/send-transaction.ts'
import type { TransactionProgress } from '../chain/transaction-types.ts'
import type { Alarms } from '../health/alarms.ts'
import type { Journal } from '../store/journal.ts'
import type { Store } from '../store/open-store.ts'
import type { ProofSource } from './build-answer.ts'

/** What answering stands on; assembled once in `daemon.ts`. */
export interface AnswerContext {
  store: Store
  journal: Journal
  rpc: RpcClient
  market: Address
  /** Pays for the gas; anyone may answer. */
  operator: LocalAccount
  sender: TransactionSender
  alarms: Alarms
  parameters(): Promise<MarketParameters>
  /** What this host can prove leaves of an order from; null when it has nothing of it. `anew`: what was open is opened again. */
  proofs(orderId: bigint, how: { anew: boolean }): Promise<ProofSource | null>
  /** Does this host owe the answer, or only help? */
  roleIn(orderId: bigint): 'miner' | 'watcher'
  /** Most wei that the gas of one answer may cost. */
  mostGasWei: bigint
  /** Wei of the chain's coin for one token; null: unknown. */
  tokenPriceWei: bigint | null
  /** Told of the answer's transaction, when somebody waits for it. */
  onProgress?: (progress: TransactionProgress) => void
  signal: AbortSignal
}
