import type { Commitment } from '@dmc/core/chain/types'
import type { CheckOutcome } from '@dmc/core/challenge/outcomes'
import type { DmcError } from '@dmc/core/errors/dmc-error'
import type { ContractState, OrderState, SourceState } from '@dmc/core/market/states'
import type { RetentionPolicy } from '@dmc/core/schedule/retention'
import type { ScheduleRule } from '@dmc/core/schedule/schedule-rule'
import type { Address, Hex } from 'viem'
import type { CheckRow, DayCounts } from '../challenge/check-rows.ts'
import type { CheckPolicy } from '../config/settings.ts'
import type { RunOutcome } from '../schedule/schedule-rows.ts'
import type { SectorInfo } from '../sector/types.ts'
import type { BackupProgress, SnapshotInfo } from '../source/types.ts'
import type { JournalEntry } from '../store/journal.ts'

/** What the methods of `methods.ts` answer and emit. Money in token wei unless `Wei` is in the name; times in unix seconds (chain) or `…Ms`. */

export type ErrorJson = ReturnType<DmcError['toJSON']>

/**
 * What an act will do, shown before it is confirmed and sent. `after` values are estimates with `gasFeeWei` paid.
 * `problems` say why it can't be sent now (NO_TOKEN, NO_GAS, BILL_TOO_DEAR ...): execute throws the first of them.
 */
export interface Plan {
  /** Sentence for a person: "Order 38 GiB for 24 weeks from 0x12…ab, bill 7". */
  title: string
  wallet: Address
  /** The transactions, in the order they are sent; gas units, fee in wei of the chain's coin. */
  transactions: { name: string; to: Address; gas: bigint; feeWei: bigint; valueWei: bigint }[]
  /** Token amounts that move: cost, reserve, pledge, refund; absent = not part of this act. */
  cost?: bigint
  reserve?: bigint
  pledge?: bigint
  refund?: bigint
  /** What is forwarded to this host's operator for its own transactions. */
  gasFloatWei?: bigint
  endsAt?: bigint
  token: { symbol: string; before: bigint; after: bigint; allowance: bigint }
  gas: { beforeWei: bigint; feeWei: bigint; afterWei: bigint }
  /** Extra facts in reading order: ["Price", "0.5 DMC per GiB-week"]. */
  facts: [string, string][]
  problems: ErrorJson[]
}

/** Sent while an act's transactions go out. */
export interface TransactionEvent {
  type: 'transaction'
  name: string
  hash: Hex
  state: 'sent' | 'mined' | 'confirmed'
  confirmations: number
  /** Of `confirmations`. */
  wanted: number
  gasUsed?: bigint
}

/** `done` is null for a preview. */
export interface Act<Done> {
  plan: Plan
  done: (Done & { hashes: Hex[] }) | null
}

export interface SectorRow extends SectorInfo {
  /** Free bytes of the file system the sector lies on; -1 when not mounted. */
  diskFree: number
  orders: number
  bills: bigint[]
}

export interface BillRow {
  billId: bigint
  miner: Address
  /** MiB. */
  capacity: bigint
  free: bigint
  step: bigint
  /** Token wei per GiB-week. */
  price: bigint
  pledgeRate: number
  minWeeks: number
  maxWeeks: number
  bond: bigint
  expiresAt: bigint
  state: 'open' | 'full' | 'cancelled' | 'expired'
  endpoint: string
  /** Published by this wallet. */
  own: boolean
  sectorId: string | null
}

export interface MarketRow extends BillRow {
  /** For the asked capacity and weeks (or the source's); null when nothing was asked. */
  cost: bigint | null
  pledge: bigint | null
  /** MiB that the order would take (whole steps). */
  orderCapacity: bigint | null
  /** Why it does not fit: "too small", "too dear" ...; null = it fits. */
  misfit: string | null
}

export interface SourceRow {
  sourceId: string
  name: string
  path: string
  state: SourceState
  /** At the last scan; 0 before it. */
  bytes: number
  files: number
  /** Patterns of what is left out, and how many names that was at the last scan. */
  excludes: string[]
  excluded: number
  orders: bigint[]
  snapshots: number
  lastSnapshotMs: number | null
  /** Order parameters registered with the account service (flow 6); null = ask each time. */
  terms: OrderTerms | null
  /** When it is backed up by itself; null: by hand only. */
  schedule: ScheduleRow | null
  /** How many snapshots are kept; null: all. */
  retention: RetentionPolicy | null
}

export interface ScheduleRow {
  rule: ScheduleRule
  nextMs: number
  lastMs: number | null
  lastOutcome: RunOutcome | null
  lastNote: string | null
  /** Runs that never were, since it was first set. */
  missed: number
}

export interface OrderTerms {
  weeks: number
  /** Token wei per GiB-week. */
  maxPrice: bigint
  minPledgeRate: number
  maxBond: bigint
  /** On-chain challenges that the reserve pays for. */
  challenges: number
  /** Bytes; 0 = from the source's size. */
  capacity: bigint
}

export interface OrderRow {
  orderId: bigint
  billId: bigint
  role: 'user' | 'miner'
  user: Address
  miner: Address
  state: OrderState
  contractState: ContractState | null
  /** MiB. */
  capacity: bigint
  weeks: number
  price: bigint
  createdAt: bigint
  start: bigint
  endsAt: bigint
  /** Unix seconds; 0: no notice is given. */
  noticeEndsAt: bigint
  escrow: bigint
  reserve: bigint
  bond: bigint
  pledge: bigint
  commitment: Commitment | null
  userPrepare: Commitment | null
  minerPrepare: Commitment | null
  sourceId: string | null
  sectorId: string | null
  endpoint: string
  /** What happens next, or what is wrong, in one sentence. */
  note: string
}

/** How well an order is known to be there. Times Unix ms. */
export interface OrderProof {
  checksPerDay: number
  leavesPerCheck: number
  /** When the miner last proved what it was asked for. */
  lastProvenMs: number | null
  lastOutcome: CheckOutcome | null
  lastMs: number | null
  lastLatencyMs: number | null
  nextMs: number | null
  probesLeft: number
  policy: CheckPolicy
  /** "1 % loss would be noticed within 24 hours with 99 %.", from how often it was really checked. */
  odds: string
}

export interface CheckedOrder {
  check: CheckRow
  /** The leaf that could not be proven, if it is known which. */
  failingLeaf: bigint | null
  proof: OrderProof
}

export interface OrderChecks {
  orderId: bigint
  proof: OrderProof
  /** The newest first. */
  checks: CheckRow[]
  /** The last 30 days, oldest first; days without checks are zeros. */
  days: DayCounts[]
}

export interface Stage {
  type: 'stage'
  /** waiting-miner, scan, deliver, seal, prepare-user, prepare-miner, active ...: printed as it is with `text`. */
  stage: string
  text: string
}

/** What reading an order's data through has found. */
export interface ScrubbedOrder {
  orderId: bigint
  sectorId: string
  /** MiB that were read; 0: nothing is committed yet, or `error`. */
  chunks: number
  /** Those that are not what was committed. */
  damaged: number[]
  /** Why it could not be read. */
  error: ErrorJson | null
}

/** Progress with one bar. Bytes. `total` 0 = unknown. Rates are computed by the caller of the method. */
export interface Progress {
  type: 'progress'
  stage: string
  done: number
  total: number
  /** Files so far and in all, when the stage counts files. */
  files?: number
  filesTotal?: number
  current?: string
}

export type BackupEvent = Stage | Progress | TransactionEvent | ({ type: 'encode' } & BackupProgress)

export interface BackupResult {
  sourceId: string
  orderId: bigint
  snapshot: SnapshotInfo
  commitment: Commitment
  unchanged: boolean
  /** First 1,000. */
  missing: { path: string; reason: string }[]
  /** Names that the source's excludes left out; what lies in an excluded folder is not counted. */
  excluded: number
  /** Ids of snapshots that the source's retention let go with this one. */
  forgotten: string[]
  seconds: { stage: string; seconds: number; bytes: number }[]
}

export interface SnapshotRow extends SnapshotInfo {
  sourceId: string
  sourceName: string
  path: string
  hostName: string
  orders: bigint[]
}

export interface SnapshotEntry {
  /** Text of the name; bytes that are not UTF-8 are written \xNN. */
  name: string
  path: string
  kind: 'file' | 'directory' | 'symlink' | 'hardlink' | 'not-stored'
  mode: number
  mtimeMs: number
  size: number
  target: string | null
  /** Why it was not stored (kind not-stored). */
  reason: string | null
}

export type RestoreEvent = Stage | Progress

export interface RestoreResult {
  snapshotId: string
  to: string
  files: number
  directories: number
  links: number
  bytes: number
  /** Existing files that `overwrite` kept. */
  kept: number
  /** Not restored, or not verified: the first of them, and how many. */
  failed: { path: string; reason: string }[]
  failedCount: number
  /** Restored with their content, but not with all that belongs to them: the first of them, and how many. */
  unset: { path: string; reason: string }[]
  unsetCount: number
  seconds: number
  verifyOnly: boolean
}

export interface Money {
  address: Address
  token: bigint
  allowance: bigint
  credit: bigint
  gasWei: bigint
}

export interface WalletInfo {
  chainId: number
  market: Address
  tokenSymbol: string
  tokenAddress: Address
  wallet: Money | null
  /** This host's operator key and what the chain lets it do; scopes as names. */
  operator: { address: Address; gasWei: bigint; scopes: string[]; expiresAt: bigint }
}

export interface Status {
  version: string
  pid: number
  uptimeSeconds: number
  dataDir: string
  role: ('user' | 'miner')[]
  chain: {
    chainId: number
    market: Address
    block: bigint
    blockTime: bigint
    rpc: string
    error: ErrorJson | null
  }
  wallet: WalletInfo | null
  endpoint: { listen: string; published: string | null; running: boolean }
  sources: SourceRow[]
  sectors: SectorRow[]
  orders: OrderRow[]
  /** Work in hand: "backup of photos: deliver 41 %". */
  jobs: { jobId: string; kind: string; subject: string; stage: string; done: number; total: number }[]
  /** Queued transactions not yet confirmed. */
  pendingTransactions: { hash: Hex | null; name: string; sinceMs: number }[]
  attention: { level: 'warning' | 'error'; message: string; hint: string }[]
}

/** An on-chain challenge of an order that this host has to do with. */
export interface ChallengeRow {
  orderId: bigint
  role: 'user' | 'miner' | 'watcher'
  leaf: bigint
  /** Unix seconds. */
  deadline: bigint
  /** By the chain's clock; below 0 after the deadline. */
  secondsLeft: bigint
  /** `missed`: the deadline has passed, anyone may slash; `over`: it was taken back, or lost with the order. */
  state: 'open' | 'missed' | 'answered' | 'over'
  /** How far this host's own answer is; null: it answers nothing here. */
  answer: 'waiting' | 'proven' | 'sent' | 'confirmed' | 'failed' | null
  hash: Hex | null
  /** What stands in the way of the answer. */
  error: ErrorJson | null
  /** Token wei; null for one that is over. */
  bond: bigint | null
  pledge: bigint | null
}

/** An order of others that this host looks after. */
export interface WatchedRow {
  orderId: bigint
  /** File that its challenges are answered from; null: they are not. */
  answerFrom: string | null
  /** The user's stubs that its miner is checked with; null: it is not. */
  stubs: string | null
  slash: boolean
  /** Who earns the reward of a slash. */
  rewardTo: Address | null
  addedMs: number
  /** null: the chain could not be asked. */
  state: OrderState | null
  /** Token wei that a slash would earn. */
  reward: bigint | null
  /** Unix seconds; null: it is not challenged. */
  challengedUntil: bigint | null
  error: ErrorJson | null
}

export interface CheckResult {
  /** chain-reachable, data-dir ... */
  check: string
  title: string
  result: 'ok' | 'warning' | 'failed' | 'not checked'
  /** One sentence with the values. */
  detail: string
  /** What to do; '' when ok. */
  fix: string
}

export interface RecoveredSource {
  sourceId: string
  name: string
  orders: bigint[]
  snapshots: number
  newestMs: number | null
  /** Of the newest snapshot. */
  bytes: number
}

export type JournalRow = JournalEntry
