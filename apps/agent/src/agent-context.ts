import type { LocalAccount } from 'viem'
import type { AccountContext } from './account/context.ts'
import type { AnswerService } from './answer/answer-service.ts'
import type { RpcClient } from './chain/rpc-client.ts'
import type { TransactionSender } from './chain/send-transaction.ts'
import type { Checker } from './challenge/checker.ts'
import type { AgentConfig } from './config/agent-config.ts'
import type { ContractContext } from './contract/context.ts'
import type { OrderQueue } from './contract/order-queue.ts'
import type { ShellContext } from './control/handler.ts'
import type { Alarms } from './health/alarms.ts'
import type { JobBoard } from './job-board.ts'
import type { UnlockedKeys } from './keys/types.ts'
import type { BufferPool } from './sector/buffer-pool.ts'
import type { SectorService } from './sector/types.ts'
import type { SourceService } from './source/source-service.ts'
import type { Journal } from './store/journal.ts'
import type { Store } from './store/open-store.ts'
import type { SlashService } from './watch/slash-service.ts'

/** The assembled agent, as handlers see it (`daemon.ts` builds it). */
export interface AgentContext extends ShellContext {
  readonly config: AgentConfig
  readonly journal: Journal
  readonly store: Store
  readonly keys: UnlockedKeys
  readonly wallet: LocalAccount | null
  readonly operator: LocalAccount
  readonly rpc: RpcClient
  readonly sender: TransactionSender
  readonly sources: SourceService
  readonly sectors: SectorService
  readonly contract: ContractContext
  readonly queue: OrderQueue
  readonly pool: BufferPool
  readonly jobs: JobBoard
  /** What stands and needs a person. */
  readonly alarms: Alarms
  /** Answers on-chain challenges; null when this is not the running agent. */
  readonly answering: AnswerService | null
  /** Off-chain challenges of the orders that this host is the user of (flow 14). */
  readonly checks: Checker
  /** Slashes orders that missed a deadline; null when this is not the running agent. */
  readonly slashing: SlashService | null
  /** True in `dmc-agent run`. */
  readonly background: boolean
  readonly startedMs: number
  /** Aborted when the agent stops. */
  readonly signal: AbortSignal
  /** What the account service needs; asks the chain for the Market's facts once. @throws RPC_*, NOT_A_DMC_MARKET */
  account(): Promise<AccountContext>
  /** The endpoint as it belongs on chain, with the TLS key's hash. */
  endpoint(): Promise<string>
  /** Starts answering users, when this is the running agent and has something to serve; harmless to repeat. */
  serve(): Promise<void>
  /** Where it listens; null when it does not. */
  readonly listening: { host: string; port: number } | null
}
