import type { Queries } from '../open-database.ts'

export interface NewChange {
  /** What kind of thing: order, bill, source, journal, … */
  topic: string
  /** Which one; '' for all of them. */
  key: string
  /** Whose; null: everybody's. */
  owner: string | null
}

/** The channel on which `noteChanges` tells that there is something new to read. */
export const CHANGES_CHANNEL = 'changes'

/** The lock under which ids of changes are given, so that they become visible in their order: no reader passes one by. */
const LOCK = 3_137_001n

/**
 * Notes what a transaction changed, for subscriptions. Call it last in the transaction: from here to the commit other writers of
 * changes wait.
 */
export async function noteChanges(tx: Queries, changes: readonly NewChange[]): Promise<void> {
  if (changes.length === 0) return
  await tx.$executeRaw`SELECT pg_advisory_xact_lock(${LOCK})`
  await tx.change.createMany({ data: [...changes] })
  await tx.$executeRaw`SELECT pg_notify(${CHANGES_CHANNEL}, '')`
}
