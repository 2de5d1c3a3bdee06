import * as z from 'zod'
import { retentionPolicy } from '../schedule/retention.ts'
import { scheduleRule } from '../schedule/schedule-rule.ts'
import { MOST_EXCLUDE_CHARS, MOST_EXCLUDES } from '../source/exclude-patterns.ts'

/**
 * What the dashboard may ask of an agent. A closed list: no amounts, no addresses to dial, no keys, nothing that overwrites or
 * makes the host forget more than its owner said on the host. The agent checks each against its own allowed folders and the chain before anything happens.
 */
const id = z.string().min(1).max(128)
const chainId = z
  .bigint()
  .min(1n)
  .max(2n ** 63n - 1n)
const path = z.string().min(1).max(4096)

const excludes = z.array(z.string().min(1).max(MOST_EXCLUDE_CHARS)).max(MOST_EXCLUDES)

const sourceAdd = z.strictObject({
  kind: z.literal('source.add'),
  path,
  name: z.string().min(1).max(64).optional(),
  excludes: excludes.optional(),
  /** When it is backed up by itself; null: by hand only. */
  schedule: scheduleRule.nullable().optional(),
})
/** What a source leaves out. More of it is refused while the host forgets snapshots: what is left out would be gone with them. */
const sourceSetExcludes = z.strictObject({ kind: z.literal('source.setExcludes'), sourceId: id, excludes })
/** When a source is backed up by itself; null: by hand only. */
const scheduleSet = z.strictObject({
  kind: z.literal('schedule.set'),
  sourceId: id,
  rule: scheduleRule.nullable(),
})
/** How many snapshots are kept; null: all. The host refuses what keeps less than now. */
const retentionSet = z.strictObject({
  kind: z.literal('retention.set'),
  sourceId: id,
  policy: retentionPolicy.nullable(),
})
/** Backs a source up; with an order that the owner has just placed for it. */
const backupStart = z.strictObject({
  kind: z.literal('backup.start'),
  sourceId: id,
  orderId: chainId.optional(),
})
/** Into a new folder below an allowed one. */
const restoreStart = z.strictObject({
  kind: z.literal('restore.start'),
  sourceId: id,
  snapshotId: id,
  paths: z.array(path).max(500),
  target: path,
})
const sectorAdd = z.strictObject({
  kind: z.literal('sector.add'),
  path,
  size: z
    .bigint()
    .min(1n)
    .max(2n ** 53n),
})
/** The owner has published this bill for this sector: serve its orders. */
const billLink = z.strictObject({ kind: z.literal('bill.link'), sectorId: id, billId: chainId })
/** Put the agent's own address on chain; which one is the agent's business. */
const endpointPublish = z.strictObject({ kind: z.literal('endpoint.publish'), billId: chainId.optional() })
/** Have the miner of an order show some of its data now. Never more than that: what goes on chain is the owner's act. */
const orderCheck = z.strictObject({ kind: z.literal('order.check'), orderId: chainId })

export const command = z.discriminatedUnion('kind', [
  sourceAdd,
  sourceSetExcludes,
  scheduleSet,
  retentionSet,
  backupStart,
  restoreStart,
  sectorAdd,
  billLink,
  endpointPublish,
  orderCheck,
])
export type Command = z.output<typeof command>
export type CommandOf<K extends Command['kind']> = Extract<Command, { kind: K }>

export const deliveredCommand = z.strictObject({
  commandId: chainId,
  command,
  /** Unix ms of the dashboard; the agent carries nothing out after it. */
  expiresMs: z.number().int().min(0),
})
export type DeliveredCommand = z.output<typeof deliveredCommand>

/** Questions for a screen: answered from memory to memory, kept nowhere. */
const browse = z.strictObject({
  kind: z.literal('browse'),
  root: z.enum(['read', 'restore', 'sector']),
  /** null: the allowed folders themselves. */
  path: path.nullable(),
})
const mounts = z.strictObject({ kind: z.literal('mounts') })
const estimate = z.strictObject({
  kind: z.literal('estimate'),
  path,
  excludes: excludes.optional(),
})
const snapshotLs = z.strictObject({
  kind: z.literal('snapshot.ls'),
  sourceId: id,
  snapshotId: id,
  path: z.string().max(4096),
})

/** Leaf and path for the open challenge of an order that this host stores for its owner, so that a wallet can answer it. */
const answerProof = z.strictObject({ kind: z.literal('answer.proof'), orderId: chainId })

export const ask = z.discriminatedUnion('kind', [browse, mounts, estimate, snapshotLs, answerProof])
export type Ask = z.output<typeof ask>
export type AskKind = Ask['kind']

const name = z.string().max(1024)
const size = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER)

/** What is answered, by question. Bounded so that one message holds it. */
export const answers = {
  browse: z.strictObject({
    path: z.string().max(4096).nullable(),
    entries: z
      .array(
        z.strictObject({
          name,
          path: z.string().max(4096),
          kind: z.enum(['directory', 'file', 'other']),
          bytes: size.nullable(),
        }),
      )
      .max(500),
    /** More entries than were sent. */
    more: z.number().int().min(0),
  }),
  mounts: z.strictObject({
    mounts: z
      .array(
        z.strictObject({
          path: z.string().max(4096),
          fileSystem: z.string().max(64),
          totalBytes: size,
          freeBytes: size,
        }),
      )
      .max(64),
  }),
  estimate: z.strictObject({
    files: size,
    bytes: size,
    unreadable: size,
    /** Names that the excludes leave out. */
    excluded: size,
    /** False: it was stopped at a limit, and there is more. */
    done: z.boolean(),
  }),
  'snapshot.ls': z.strictObject({
    entries: z
      .array(
        z.strictObject({
          name,
          path: z.string().max(4096),
          kind: z.enum(['file', 'directory', 'symlink', 'hardlink', 'not-stored']),
          bytes: size,
          mtimeMs: z.number(),
        }),
      )
      .max(500),
    more: z.number().int().min(0),
  }),
  'answer.proof': z.strictObject({
    /** The 1,024 bytes, and the siblings from the leaf's up. */
    leaf: z.string().regex(/^0x[0-9a-f]{2048}$/),
    path: z.array(z.string().regex(/^0x[0-9a-f]{64}$/)).max(64),
    index: z.bigint().min(0n),
    /** Unix seconds. */
    deadline: z.bigint().min(0n),
  }),
} as const
export type Answer<K extends AskKind> = z.output<(typeof answers)[K]>
