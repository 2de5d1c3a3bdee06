import type { Commitment, MarketReader, OrderOnChain } from '@dmc/core/chain/types'
import type { Address, LocalAccount } from 'viem'
import type { SectorService } from '../sector/types.ts'
import type { BackupProgress, BackupRun, VolumeTarget } from '../source/types.ts'
import type { Journal } from '../store/journal.ts'
import type { Store } from '../store/open-store.ts'
import type { Bandwidths } from './wire/bandwidth.ts'

/** What the contract service stands on; assembled once in `daemon.ts`. */
export interface ContractContext {
  store: Store
  journal: Journal
  reader: MarketReader
  /** Is what answers still our chain, with our Market? @throws WRONG_CHAIN, NOT_A_DMC_MARKET, RPC_* */
  checkMarket(): Promise<void>
  /** Signs hellos and answers (flow 11); its scopes are on chain. */
  operator: LocalAccount
  sectors: SectorService
  /** The account service's transactions, handed in so that no arrow turns back. */
  acts: {
    /** May this host's key state anything for the owner? @throws NOT_OPERATOR, OPERATOR_EXPIRED */
    mayPrepare(owner: Address): Promise<void>
    /** flow 7, flow 10: states this side's commitment on chain; the same statement again is harmless. */
    prepare(orderId: bigint, side: 'user' | 'miner', commitment: Commitment): Promise<void>
    /**
     * Takes this side's statement back (root 0); resolves when that is confirmed, with the order as it is then. Sends
     * nothing when nothing stands.
     */
    withdrawPrepare(orderId: bigint, side: 'user' | 'miner'): Promise<OrderOnChain>
    /** flow 8: the miner can't serve; the user is refunded at once. */
    refuse(orderId: bigint, reason: string): Promise<void>
    /** Which of my sectors a bill sells; null when the bill is not this host's. */
    sectorOfBill(billId: bigint): string | null
  }
  source: {
    start(options: {
      sourceId: string
      target: VolumeTarget
      base: Commitment | null
      /** A folder without files may follow a snapshot that has some. */
      mayBeEmpty: boolean
      signal: AbortSignal
      /** Told in words what takes long before anything is encoded. */
      onNote: (message: string) => void
      onProgress: (progress: BackupProgress) => void
    }): Promise<BackupRun>
  }
  /** Miners on private addresses are dialled only when the person said so. */
  allowPrivateEndpoints: boolean
  /** What this host may send and take. */
  bandwidth: Bandwidths
  confirmations: number
  /** Seconds after its creation in which an order must be agreed on for the first time (a parameter of the Market). */
  prepareWindow(): Promise<bigint>
  /** Aborted when the agent stops. */
  signal: AbortSignal
}
