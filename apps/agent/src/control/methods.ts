import { retentionPolicy } from '@dmc/core/schedule/retention'
import { scheduleRule } from '@dmc/core/schedule/schedule-rule'
import type { Hex } from 'viem'
import * as z from 'zod'
import type { Health } from '../health/health-report.ts'
import type { SnapshotInfo } from '../source/types.ts'
import type {
  Act,
  BackupEvent,
  BackupResult,
  BillRow,
  ChallengeRow,
  CheckedOrder,
  CheckResult,
  JournalRow,
  MarketRow,
  OrderChecks,
  OrderProof,
  OrderRow,
  Plan,
  Progress,
  RecoveredSource,
  RestoreEvent,
  RestoreResult,
  ScrubbedOrder,
  SectorRow,
  SnapshotEntry,
  SnapshotRow,
  SourceRow,
  Stage,
  Status,
  TransactionEvent,
  WalletInfo,
  WatchedRow,
} from './types.ts'

/** A method of the control socket: what it takes (checked), answers and emits (typed). */
export interface Method<I extends z.ZodType, O, E> {
  input: I
  /** Phantom: never set. */
  readonly output?: O
  readonly event?: E
}

const method = <O, E = never>() => ({
  takes: <I extends z.ZodType>(input: I): Method<I, O, E> => ({ input }),
})

const id = z.bigint().nonnegative()
const money = z.bigint().nonnegative()
const weeks = z.number().int().min(1).max(65_535)
const address = z.templateLiteral(['0x', z.string().regex(/^[0-9a-fA-F]{40}$/)])
const localId = z.string().min(1).max(64)
/** `preview` computes and shows, sends nothing; `execute` sends and waits for the confirmations. */
const mode = z.enum(['preview', 'execute'])
const nothing = z.strictObject({})
const excludes = z.array(z.string().max(4096)).max(1000)

export const orderTerms = z.strictObject({
  weeks,
  /** Token wei per GiB-week. */
  maxPrice: money,
  minPledgeRate: z.number().int().min(0).max(65_535),
  maxBond: money,
  challenges: z.number().int().min(0).max(65_535),
  /** Bytes; 0n = from the source's size. */
  capacity: z.bigint().nonnegative(),
})

const orderRequest = z.strictObject({
  /** Id or name. */
  source: localId,
  /** Fixed bill; absent = the cheapest that fits the terms (flow 7). */
  billId: id.optional(),
  miner: address.optional(),
  /** Absent parts come from the source's registered terms, then from defaults. */
  terms: orderTerms.partial().optional(),
})

/** What can be done with an order that exists (account/order-act.ts). */
const orderAct = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('extend'), weeks, maxPrice: money.optional() }),
  z.strictObject({ kind: z.literal('shorten'), weeks }),
  /** How long the wish stands; 0n takes it back. */
  z.strictObject({ kind: z.literal('end'), seconds: z.bigint().nonnegative().max(31_557_600_000n) }),
  z.strictObject({ kind: z.literal('quit') }),
  z.strictObject({ kind: z.literal('top-up'), challenges: z.number().int().min(1).max(65_535) }),
  z.strictObject({ kind: z.literal('claim') }),
  z.strictObject({ kind: z.literal('finish') }),
  z.strictObject({ kind: z.literal('refuse'), reason: z.string().max(128) }),
  z.strictObject({ kind: z.literal('slash'), rewardTo: address.optional() }),
])

/**
 * Every method of the agent. A handler `(ctx, input, emit, signal)` per method in `../handlers/<noun>-<verb>.ts`,
 * the export named in camel case (`sector.add` -> sector-add.ts, sectorAdd).
 */
export const METHODS = {
  // miner (flows 0 to 3)
  'sector.add': method<SectorRow>().takes(
    z.strictObject({ path: z.string().min(1), size: z.bigint().positive() }),
  ),
  'sector.list': method<{ sectors: SectorRow[] }>().takes(nothing),
  /** Of one sector, or of all. */
  'sector.scrub': method<{ orders: ScrubbedOrder[] }, Progress>().takes(
    z.strictObject({ sectorId: localId.optional() }),
  ),
  'sector.remove': method<{ sectorId: string }>().takes(z.strictObject({ sectorId: localId })),
  'bill.create': method<Act<{ billId: bigint }>, TransactionEvent>().takes(
    z.strictObject({
      mode,
      sectorId: localId,
      /** Bytes, whole MiB; 0n = all of the sector that is free. */
      capacity: z.bigint().nonnegative(),
      /** MiB: orders take whole steps. */
      step: z.bigint().positive(),
      /** Token wei per GiB-week. */
      price: money,
      pledgeRate: z.number().int().min(0).max(65_535),
      minWeeks: weeks,
      maxWeeks: weeks,
      /** Token wei per on-chain challenge. */
      bond: money,
      /** The bill is open for so many weeks. */
      openWeeks: weeks,
    }),
  ),
  'bill.list': method<{ bills: BillRow[] }>().takes(nothing),
  'bill.cancel': method<Act<{ billId: bigint }>, TransactionEvent>().takes(
    z.strictObject({ mode, billId: id }),
  ),
  /** capacity: bytes of what is unsold, whole steps, taken out for good. */
  'bill.shrink': method<Act<{ billId: bigint }>, TransactionEvent>().takes(
    z.strictObject({ mode, billId: id, capacity: z.bigint().positive() }),
  ),
  'endpoint.set': method<Act<{ endpoint: string }>, TransactionEvent>().takes(
    /** billId 0n = the default of all bills; url absent = what this agent listens on, with its TLS key's hash. */
    z.strictObject({ mode, billId: id, url: z.string().max(256).optional() }),
  ),

  // user (flows 5 to 7)
  'source.add': method<SourceRow>().takes(
    z.strictObject({
      path: z.string().min(1),
      name: localId.optional(),
      terms: orderTerms.optional(),
      excludes: excludes.optional(),
    }),
  ),
  /** Replaces what is left out of a source, from its next backup on. */
  'source.exclude': method<SourceRow>().takes(z.strictObject({ source: localId, excludes })),
  /** When it is backed up by itself; null: by hand only. */
  'source.schedule': method<SourceRow>().takes(
    z.strictObject({ source: localId, rule: scheduleRule.nullable() }),
  ),
  /** How many snapshots are kept, null for all; answers which ones the next snapshot forgets. */
  'source.keep': method<{ source: SourceRow; forgets: SnapshotInfo[] }>().takes(
    z.strictObject({ source: localId, policy: retentionPolicy.nullable(), mode }),
  ),
  'source.list': method<{ sources: SourceRow[] }>().takes(nothing),
  'source.remove': method<{ sourceId: string }>().takes(z.strictObject({ source: localId })),
  'market.list': method<{ bills: MarketRow[]; blockNumber: bigint; blockTime: bigint }>().takes(
    z.strictObject({
      source: localId.optional(),
      /** Bytes; with weeks gives the cost. Ignored when a source is named. */
      capacity: z.bigint().positive().optional(),
      weeks: weeks.optional(),
      maxPrice: money.optional(),
      minPledgeRate: z.number().int().min(0).max(65_535).optional(),
      miner: address.optional(),
      /** Cancelled, expired and full ones too. */
      all: z.boolean(),
      sort: z.enum(['price', 'cost', 'pledge', 'free', 'expiry', 'bill']),
      descending: z.boolean(),
      limit: z.number().int().min(1).max(10_000),
    }),
  ),
  'order.preview': method<{ plan: Plan; bill: MarketRow; terms: z.infer<typeof orderTerms> }>().takes(
    orderRequest,
  ),
  'order.create': method<{ plan: Plan; orderId: bigint; hashes: Hex[] }, TransactionEvent>().takes(
    orderRequest.extend({
      /** What the person confirmed: BILL_TOO_DEAR when the plan would cost more by now. */
      maxCost: money,
    }),
  ),
  'order.list': method<{ orders: OrderRow[] }>().takes(
    z.strictObject({
      source: localId.optional(),
      role: z.enum(['user', 'miner']).optional(),
      all: z.boolean(),
    }),
  ),
  'order.show': method<{
    order: OrderRow
    journal: JournalRow[]
    /** null unless this host is the order's user and there is something to prove. */
    proof: OrderProof | null
  }>().takes(z.strictObject({ orderId: id })),
  /** The order's evidence bundle as the text of its file (docs/PROTOCOL.md 7). */
  'order.evidence': method<{ text: string; events: number; answers: number; asOfBlock: number }>().takes(
    z.strictObject({ orderId: id }),
  ),
  'order.act': method<Act<{ orderId: bigint }>, TransactionEvent>().takes(
    z.strictObject({ mode, orderId: id, act: orderAct }),
  ),
  /** All that this host's orders have earned, to the miner's credit, in one transaction. */
  'order.claimAll': method<Act<{ amount: bigint }>, TransactionEvent>().takes(z.strictObject({ mode })),
  /** All active orders of a source, so many weeks more, in one transaction. */
  'source.renew': method<Act<{ sourceId: string }>, TransactionEvent>().takes(
    z.strictObject({ mode, source: localId, weeks }),
  ),
  'order.cancel': method<Act<{ orderId: bigint }>, TransactionEvent>().takes(
    z.strictObject({ mode, orderId: id }),
  ),
  /** An off-chain challenge now: random leaves, or a saved probe. */
  'order.check': method<CheckedOrder>().takes(
    z.strictObject({ orderId: id, leaves: z.number().int().min(1).max(64).optional(), probe: z.boolean() }),
  ),
  'order.checks': method<OrderChecks>().takes(
    z.strictObject({ orderId: id, limit: z.number().int().min(1).max(1000) }),
  ),
  /** Opens the on-chain challenge of a leaf; without one, of the leaf that failed a check, else of a random one. */
  'order.challenge': method<
    Act<{ orderId: bigint; leaf: bigint; deadline: bigint }> & { leaf: bigint },
    TransactionEvent
  >().takes(z.strictObject({ mode, orderId: id, leaf: id.optional() })),
  /** Lets this host's operator key act for the wallet until `expiresAt`; order.create and bill.create include it when needed. */
  'operator.authorise': method<Act<{ operator: Hex }>, TransactionEvent>().takes(
    z.strictObject({
      mode,
      scopes: z.array(z.enum(['PREPARE', 'CHALLENGE', 'REFUSE', 'ENDPOINT'])),
      weeks,
      gasFloatWei: money,
    }),
  ),

  /** What lets a watcher check the order for this user, into a new file. */
  'order.exportStubs': method<{ orderId: bigint; path: string }>().takes(
    z.strictObject({ orderId: id, path: z.string().min(1).max(4096) }),
  ),

  // challenges on chain (flow 14)
  'challenge.list': method<{ challenges: ChallengeRow[]; blockTime: bigint }>().takes(
    /** all: those that are over too. */
    z.strictObject({ all: z.boolean() }),
  ),
  /** By hand, with this host's key; the running agent does it by itself. */
  'challenge.answer': method<Act<{ orderId: bigint }>, TransactionEvent>().takes(
    z.strictObject({ mode, orderId: id }),
  ),
  'watch.add': method<WatchedRow>().takes(
    z.strictObject({
      orderId: id,
      /** The order's data file, or a folder that has it; absent: challenges are not answered. */
      answerFrom: z.string().min(1).max(4096).optional(),
      /** The user's stubs; absent: its miner is not checked. */
      stubs: z.string().min(1).max(4096).optional(),
      /** Absent: the wallet that this host acts for. */
      rewardTo: address.optional(),
      slash: z.boolean(),
    }),
  ),
  'watch.list': method<{ watched: WatchedRow[] }>().takes(nothing),
  'watch.remove': method<{ orderId: bigint }>().takes(z.strictObject({ orderId: id })),

  // data (flows 9 to 13)
  /** Starts, joins or resumes the backup of one source; answers when the order is active with the new commitment. */
  'backup.start': method<BackupResult, BackupEvent>().takes(
    /** reread: every file, also those whose size, times and inode are as in the last snapshot. */
    z.strictObject({
      source: localId,
      orderId: id.optional(),
      reread: z.boolean().optional(),
      /** The folder may hold no files, though its last snapshot does. */
      allowEmpty: z.boolean().optional(),
    }),
  ),
  'snapshot.list': method<{ snapshots: SnapshotRow[] }>().takes(
    z.strictObject({ source: localId.optional() }),
  ),
  'snapshot.ls': method<{ entries: SnapshotEntry[] }>().takes(
    /** snapshot: id, unique prefix, or `latest` with a source. */
    z.strictObject({
      snapshot: z.string().min(1),
      source: localId.optional(),
      path: z.string(),
      recursive: z.boolean(),
    }),
  ),
  'restore.start': method<RestoreResult, RestoreEvent>().takes(
    z.strictObject({
      snapshot: z.string().min(1),
      source: localId.optional(),
      /** Absolute. Ignored by verifyOnly. */
      to: z.string(),
      /** Paths inside the snapshot; empty = all. */
      paths: z.array(z.string().min(1)).max(10_000),
      overwrite: z.enum(['never', 'newer', 'always']),
      /** Permits a target that is not empty. */
      intoExisting: z.boolean(),
      verifyOnly: z.boolean(),
    }),
  ),
  /** Finds this phrase's sources among the owner's orders by `eth_call` alone; read-only until the wallet authorises this host. */
  'recover.start': method<{ sources: RecoveredSource[]; block: bigint; blockTime: bigint }, Stage>().takes(
    z.strictObject({ owner: address }),
  ),

  // the agent itself
  'status.get': method<Status>().takes(nothing),
  /** What needs a person, early. */
  'health.get': method<Health>().takes(nothing),
  'journal.list': method<{ entries: JournalRow[] }>().takes(
    z.strictObject({
      subject: z.string().optional(),
      sinceMs: z.number().int().min(0).optional(),
      limit: z.number().int().min(1).max(100_000),
    }),
  ),
  /** Emits entries until it is cancelled. */
  'journal.follow': method<null, { type: 'entry'; entry: JournalRow }>().takes(
    z.strictObject({ subject: z.string().optional(), afterSeq: z.number().int().min(0).optional() }),
  ),
  'doctor.run': method<{ checks: CheckResult[] }>().takes(nothing),
  'wallet.show': method<WalletInfo>().takes(nothing),
  /** Pays out what the Market owes the wallet. */
  'wallet.withdraw': method<Act<{ amount: bigint }>, TransactionEvent>().takes(z.strictObject({ mode })),
  /** Devnet only: mints test tokens to the wallet. */
  'faucet.take': method<{ hash: Hex; balance: bigint; symbol: string }, TransactionEvent>().takes(
    z.strictObject({ amount: money.optional() }),
  ),
  /** Stops the running agent; answers before it goes. */
  'agent.stop': method<{ pid: number }>().takes(nothing),
} as const

export type MethodName = keyof typeof METHODS
type Entry<M extends MethodName> = (typeof METHODS)[M]
export type MethodInput<M extends MethodName> =
  Entry<M> extends Method<infer I, unknown, unknown> ? z.output<I> : never
export type MethodOutput<M extends MethodName> =
  Entry<M> extends Method<z.ZodType, infer O, unknown> ? O : never
export type MethodEvent<M extends MethodName> =
  Entry<M> extends Method<z.ZodType, unknown, infer E> ? E : never
