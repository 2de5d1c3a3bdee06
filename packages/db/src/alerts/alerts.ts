import type { AlertLevel } from '@dmc/core/alerts/kinds'
import { noteChanges } from '../changes/note-changes.ts'
import { type Exact, exact } from '../exact.ts'
import type * as db from '../generated/client.ts'
import type { Database, Queries } from '../open-database.ts'

export type AlertRow = Exact<db.Alert>

/** What the rules say of an alert. */
export interface AlertText {
  level: AlertLevel
  code: string
  subject: string
  message: string
  cause: string
  hint: string
  href: string | null
  action: string | null
  moneyAtStake: bigint | null
  deadline: Date | null
  stage: number
}

export interface AlertChange extends AlertText {
  state: AlertRow['state']
  count: number
  openedAt: Date
  quietLevel: AlertLevel | null
  snoozedUntil: Date | null
}

/** What one look at a wallet's rows came to; written at once, with the messages that it makes. */
export interface AlertWrites {
  owner: string
  create: (AlertText & { key: string })[]
  /** `was`: the state that was read; what a person said meanwhile stands. */
  update: ({ id: bigint; was: AlertRow['state'] } & AlertChange)[]
  /** Still so, nothing new: the time is written, and sentences in which time runs on; nobody is told. */
  seen: { id: bigint; message: string; cause: string }[]
  resolve: bigint[]
  told: { key: string; level: AlertLevel; stage: number }[]
  messages: { channel: string; body: db.Prisma.InputJsonValue }[]
}

const written = (text: AlertText) => ({
  ...text,
  moneyAtStake: text.moneyAtStake === null ? null : text.moneyAtStake.toString(),
})

/** A wallet's alerts whose cause stands, and those of the keys that come back. */
export async function alertsOf(queries: Queries, of: { owners: readonly string[] }): Promise<AlertRow[]> {
  return (await queries.alert.findMany({ where: { owner: { in: [...of.owners] } } })).map(exact)
}

export async function saveAlerts(database: Database, writes: AlertWrites, now: Date): Promise<void> {
  const { owner } = writes
  await database.transaction(async (tx) => {
    for (const { key, ...text } of writes.create) {
      await tx.alert.upsert({
        where: { owner_key: { owner, key } },
        create: { owner, key, ...written(text), firstAt: now, openedAt: now, lastAt: now },
        update: {},
      })
    }
    for (const { id, was, ...change } of writes.update) {
      await tx.alert.updateMany({
        where: { id, state: was },
        data: { ...change, ...written(change), lastAt: now, resolvedAt: null },
      })
    }
    for (const { id, ...text } of writes.seen) {
      await tx.alert.update({ where: { id }, data: { ...text, lastAt: now } })
    }
    if (writes.resolve.length > 0) {
      await tx.alert.updateMany({
        where: { id: { in: writes.resolve } },
        data: { state: 'resolved', resolvedAt: now, snoozedUntil: null, quietLevel: null },
      })
    }
    for (const { key, level, stage } of writes.told) {
      await tx.alert.updateMany({
        where: { owner, key },
        data: { toldAt: now, toldLevel: level, toldStage: stage },
      })
    }
    if (writes.messages.length > 0) {
      await tx.alertMessage.createMany({
        data: writes.messages.map((message) => ({ ...message, owner, nextAt: now, createdAt: now })),
      })
    }
    if (writes.create.length + writes.update.length + writes.resolve.length > 0) {
      await noteChanges(tx, [{ topic: 'alert', key: '', owner }])
    }
  })
}

/** Worst first, then what is due first, then the newest. */
export async function listAlerts(
  database: Database,
  of: { owner: string; states: readonly AlertRow['state'][]; limit: number },
): Promise<AlertRow[]> {
  const rows = await database.prisma.alert.findMany({
    where: { owner: of.owner, state: { in: [...of.states] } },
    orderBy: [{ level: 'desc' }, { deadline: { sort: 'asc', nulls: 'last' } }, { openedAt: 'desc' }],
    take: of.limit,
  })
  return rows.map(exact)
}

export function countAlerts(database: Database, of: { owner: string; state: AlertRow['state'] }) {
  return database.prisma.alert.count({ where: of })
}

/** When the last alert of a wallet was over; null: it never had one. */
export async function lastResolved(database: Database, owner: string): Promise<Date | null> {
  const row = await database.prisma.alert.findFirst({
    where: { owner, state: 'resolved' },
    orderBy: { resolvedAt: 'desc' },
    select: { resolvedAt: true },
  })
  return row?.resolvedAt ?? null
}

/** A person's word about one of its alerts; false when it has none of that id whose cause still stands. */
export async function quietAlert(
  database: Database,
  of: { owner: string; id: bigint } & (
    | { state: 'open' | 'dismissed'; until?: undefined }
    | { state: 'snoozed'; until: Date }
  ),
): Promise<boolean> {
  const { owner, id, state, until = null } = of
  return database.transaction(async (tx) => {
    const row = await tx.alert.findFirst({
      where: { owner, id, state: { not: 'resolved' } },
      select: { level: true },
    })
    if (row === null) return false
    await tx.alert.update({
      where: { id },
      data: { state, snoozedUntil: until, quietLevel: state === 'open' ? null : row.level },
    })
    await noteChanges(tx, [{ topic: 'alert', key: '', owner }])
    return true
  })
}

export async function deleteOldAlerts(database: Database, before: Date): Promise<void> {
  await database.prisma.alert.deleteMany({ where: { state: 'resolved', resolvedAt: { lt: before } } })
}
