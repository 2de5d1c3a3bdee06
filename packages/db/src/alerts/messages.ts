import { noteChanges } from '../changes/note-changes.ts'
import type { AlertMessage } from '../generated/client.ts'
import type { Database, Queries } from '../open-database.ts'

export type AlertMessageRow = AlertMessage

/** How many messages of each channel a wallet was sent, or waits for, since a time. */
export async function countMessages(
  queries: Queries,
  of: { owner: string; since: Date },
): Promise<Map<string, number>> {
  const rows = await queries.alertMessage.groupBy({
    by: ['channel'],
    where: { owner: of.owner, createdAt: { gte: of.since } },
    _count: true,
  })
  return new Map(rows.map(({ channel, _count }) => [channel, _count]))
}

/**
 * Takes what is due, the longest waiting first, and moves each on to `again` before anything is sent: a kill in the middle sends it
 * a second time then, never loses it.
 */
export async function takeMessages(
  database: Database,
  of: { now: Date; again: Date; limit: number },
): Promise<AlertMessageRow[]> {
  return database.transaction(async (tx) => {
    const due = await tx.alertMessage.findMany({
      where: { state: 'waiting', nextAt: { lte: of.now } },
      orderBy: [{ nextAt: 'asc' }, { id: 'asc' }],
      take: of.limit,
    })
    if (due.length === 0) return []
    await tx.alertMessage.updateMany({
      where: { id: { in: due.map(({ id }) => id) } },
      data: { nextAt: of.again, attempts: { increment: 1 } },
    })
    return due.map((row) => ({ ...row, attempts: row.attempts + 1 }))
  })
}

export interface Attempt {
  state: 'waiting' | 'sent' | 'failed'
  status: number | null
  error: string | null
  nextAt: Date
}

/** What an attempt came to. */
export async function markMessage(
  database: Database,
  { id, owner }: Pick<AlertMessageRow, 'id' | 'owner'>,
  of: Attempt & { now: Date },
): Promise<void> {
  const { now, ...attempt } = of
  await database.transaction(async (tx) => {
    await tx.alertMessage.updateMany({
      where: { id, state: 'waiting' },
      data: { ...attempt, sentAt: of.state === 'sent' ? now : null },
    })
    await noteChanges(tx, [{ topic: 'message', key: '', owner }])
  })
}

/** Newest first. */
export function listMessages(database: Database, of: { owner: string; limit: number }) {
  return database.prisma.alertMessage.findMany({
    where: { owner: of.owner },
    orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
    take: of.limit,
  })
}

/** A channel that was switched off sends nothing any more, not even what waits. */
export async function dropMessages(queries: Queries, of: { owner: string; channel: string }): Promise<void> {
  await queries.alertMessage.updateMany({
    where: { ...of, state: 'waiting' },
    data: { state: 'failed', error: 'Switched off before it was sent.' },
  })
}

export async function deleteOldMessages(database: Database, before: Date): Promise<void> {
  await database.prisma.alertMessage.deleteMany({
    where: { createdAt: { lt: before }, state: { not: 'waiting' } },
  })
}
