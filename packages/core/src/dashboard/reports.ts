import * as z from 'zod'
import { CHECK_OUTCOMES } from '../challenge/outcomes.ts'
import { CONTRACT_STATES, SECTOR_STATES, SOURCE_STATES } from '../market/states.ts'
import { retentionPolicy } from '../schedule/retention.ts'
import { scheduleRule } from '../schedule/schedule-rule.ts'
import { MOST_EXCLUDE_CHARS, MOST_EXCLUDES } from '../source/exclude-patterns.ts'

/**
 * What an agent tells the dashboard. Each report is the whole state of one thing, so the newest of a thing is enough and a
 * redelivery changes nothing. Everything is bounded: the dashboard trusts no agent, the agent no dashboard.
 */
const text = (most: number) => z.string().max(most)
const id = text(128)
const count = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER)
const bytes = z
  .bigint()
  .min(0n)
  .max(2n ** 63n - 1n)
const chainId = z
  .bigint()
  .min(0n)
  .max(2n ** 63n - 1n)
const ms = count
const excludes = z.array(text(MOST_EXCLUDE_CHARS)).max(MOST_EXCLUDES)
const path = text(4096)
const orders = z.array(chainId).max(200)
const address = z.string().regex(/^0x[0-9a-fA-F]{40}$/)

/** Code, sentence and next step, as a DmcError prints itself. */
export const shownError = z.strictObject({ code: text(64), message: text(1000), hint: text(500) })

export const JOB_STATES = ['waiting', 'running', 'paused', 'done', 'failed', 'cancelled'] as const

const host = z.strictObject({
  kind: z.literal('host'),
  hostName: text(255),
  os: text(80),
  arch: text(40),
  version: text(40),
  roles: z.array(z.enum(['user', 'miner'])).max(2),
  /** Folders that this host allows, as real paths. */
  roots: z.strictObject({
    read: z.array(path).max(16),
    restore: z.array(path).max(16),
    sector: z.array(path).max(16),
  }),
  /** What belongs on chain as this miner's endpoint; null when it serves nobody. */
  endpoint: text(256).nullable(),
  listening: z.boolean(),
  /** The wallet that this host acts for, confirmed on the host. */
  owner: address,
  chain: z.strictObject({ chainId: count, market: address, block: chainId, error: shownError.nullable() }),
  /** The operator key as the chain has it. */
  operator: z.strictObject({
    address,
    scopes: z.array(text(20)).max(8),
    /** Unix seconds. */
    expiresAt: chainId,
    gasWei: z.bigint().min(0n),
  }),
  attention: z
    .array(z.strictObject({ level: z.enum(['warning', 'error']), message: text(1000), hint: text(500) }))
    .max(50),
  startedMs: ms,
  nowMs: ms,
})

export const RUN_OUTCOMES = [
  'running',
  'done',
  'unchanged',
  'partial',
  'failed',
  'skipped',
  'no-order',
] as const

const schedule = z.strictObject({
  rule: scheduleRule,
  nextMs: ms,
  lastMs: ms.nullable(),
  lastOutcome: z.enum(RUN_OUTCOMES).nullable(),
  lastNote: text(1000).nullable(),
  /** Runs that never were, since the schedule was first set. */
  missed: count,
})

const source = z.strictObject({
  kind: z.literal('source'),
  sourceId: id,
  name: text(255),
  path,
  state: z.enum(SOURCE_STATES),
  files: count,
  bytes,
  orders,
  snapshots: count,
  lastSnapshotMs: ms.nullable(),
  /** Patterns of what is left out, and how many names that was at the last walk. */
  excludes,
  excluded: count,
  /** When it is backed up by itself, as the host keeps and runs it; null: by hand only. */
  schedule: schedule.nullable(),
  /** How many snapshots are kept; null: all. */
  retention: retentionPolicy.nullable(),
  removed: z.boolean(),
})

const sector = z.strictObject({
  kind: z.literal('sector'),
  sectorId: id,
  path,
  state: z.enum(SECTOR_STATES),
  size: bytes,
  used: bytes,
  free: bytes,
  diskFree: bytes.nullable(),
  mounted: z.boolean(),
  bills: orders,
  orders: count,
  removed: z.boolean(),
})

const snapshot = z.strictObject({
  kind: z.literal('snapshot'),
  sourceId: id,
  snapshotId: id,
  takenMs: ms,
  files: bytes,
  bytes,
  addedBytes: bytes,
  partial: z.boolean(),
  unreadable: count,
  orders,
  /** It is in the source's catalog no more. */
  forgotten: z.boolean(),
})

const contract = z.strictObject({
  kind: z.literal('contract'),
  orderId: chainId,
  role: z.enum(['user', 'miner']),
  state: z.enum(CONTRACT_STATES),
  sourceId: id.nullable(),
  sectorId: id.nullable(),
})

const job = z.strictObject({
  kind: z.literal('job'),
  jobId: id,
  job: z.enum(['backup', 'restore', 'recover', 'other']),
  subject: text(255),
  state: z.enum(JOB_STATES),
  stage: text(64),
  sourceId: id.nullable(),
  commandId: chainId.nullable(),
  done: bytes,
  total: bytes,
  /** Bytes per second; null while unknown. */
  rate: z.number().min(0).nullable(),
  note: text(1000).nullable(),
  /** Counts and the target of what was done. */
  result: z.record(text(40), z.union([text(4096), count, z.boolean(), z.null()])).nullable(),
  error: shownError.nullable(),
  startedMs: ms,
  updatedMs: ms,
  finishedMs: ms.nullable(),
})

const journal = z.strictObject({
  kind: z.literal('journal'),
  entry: count,
  timeMs: ms,
  level: z.enum(['info', 'warning', 'error']),
  event: text(64),
  subject: text(160),
  message: text(4000),
  data: z.record(text(64), z.unknown()),
})

/** What became of a command; `result` holds ids and counts, no contents. */
const command = z.strictObject({
  kind: z.literal('command'),
  commandId: chainId,
  state: z.enum(['done', 'failed']),
  result: z.record(text(40), z.union([text(4096), count, chainId, z.boolean(), z.null()])).nullable(),
  error: shownError.nullable(),
})

export const ESCALATION_STATES = ['rechecking', 'asking', 'opening', 'opened', 'settled'] as const

/** How an order's data is proven to be there: by its user's agent, or by a watcher that was given its stubs. */
const proof = z.strictObject({
  kind: z.literal('proof'),
  orderId: chainId,
  role: z.enum(['user', 'watcher']),
  checksPerDay: count,
  leavesPerCheck: count,
  /** When leaves were last shown that the commitment confirms. */
  lastProvenMs: ms.nullable(),
  lastOutcome: z.enum(CHECK_OUTCOMES).nullable(),
  lastMs: ms.nullable(),
  lastLatencyMs: count.nullable(),
  nextMs: ms.nullable(),
  /** Blocks that were kept from the source to be asked for, and have not been asked for yet. */
  probesLeft: count,
  /** What happens when a leaf is not shown again and again: the person is asked, or it goes on chain up to a cap. */
  policy: z.enum(['ask', 'automatic']),
  escalation: z
    .strictObject({
      state: z.enum(ESCALATION_STATES),
      /** null: the miner did not answer at all. */
      leaf: chainId.nullable(),
      sinceMs: ms,
      rechecks: count,
      reason: text(500),
    })
    .nullable(),
  removed: z.boolean(),
})

/** All checks of one order on one day. */
const proofDay = z.strictObject({
  kind: z.literal('proofDay'),
  orderId: chainId,
  /** Days since 1970-01-01, UTC. */
  day: count,
  /** Checks, by what they came to. */
  passed: count,
  wrong: count,
  refused: count,
  offline: count,
  unknown: count,
  /** Leaves that were shown and confirmed, and their bytes. */
  leaves: count,
  bytes,
  /** Latency of answers; null: none came. */
  medianMs: count.nullable(),
  maxMs: count.nullable(),
})

export const ANSWER_STATES = ['waiting', 'proven', 'sent', 'confirmed', 'failed'] as const

/** How far the miner's agent is with the answer to a challenge on chain. */
const answer = z.strictObject({
  kind: z.literal('answer'),
  orderId: chainId,
  leaf: chainId,
  /** Unix seconds: after it anyone may slash. */
  deadline: chainId,
  state: z.enum(ANSWER_STATES),
  attempts: count,
  /** Of the newest transaction. */
  hash: text(66).nullable(),
  error: shownError.nullable(),
  updatedMs: ms,
})

export const report = z.discriminatedUnion('kind', [
  host,
  source,
  sector,
  snapshot,
  contract,
  job,
  journal,
  command,
  proof,
  proofDay,
  answer,
])
export type Report = z.output<typeof report>
export type ReportOf<K extends Report['kind']> = Extract<Report, { kind: K }>

/** Many at once, in the order of their numbers. `epoch` names the agent's own store: in another one the numbers start again. */
export const reportBatch = z.strictObject({
  epoch: z.string().regex(/^[0-9a-f]{32}$/),
  reports: z
    .array(
      z.strictObject({
        seq: z
          .bigint()
          .min(1n)
          .max(2n ** 63n - 1n),
        report,
      }),
    )
    .min(1)
    .max(64),
})
export type ReportBatch = z.output<typeof reportBatch>

/** Bytes of one message on the socket, both ways. */
export const MESSAGE_BYTES = 64 * 1024
