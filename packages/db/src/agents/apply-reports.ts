import type { Report, ReportBatch, ReportOf } from '@dmc/core/dashboard/reports'
import { type NewChange, noteChanges } from '../changes/note-changes.ts'
import type { Prisma } from '../generated/client.ts'
import type { Database, Queries } from '../open-database.ts'
import { plainText } from './plain-text.ts'
import { cutJobs, cutJournal, type Kept, mayBeginAnew, Room } from './report-limits.ts'

interface Reporter {
  agentId: string
  owner: string
}

/**
 * Applies what an agent reports, each number once and in order: all of it with the new last number, or nothing. What comes a
 * second time is passed over, and so is what an agent has too many of.
 * @returns the number up to which everything is in the database, and what there was no room for; null when there is no such agent any more
 * @throws TOO_MANY_REQUESTS when it began anew too often
 */
export async function applyReports(
  db: Database,
  of: Reporter & ReportBatch & { now: Date },
): Promise<{ lastSeq: bigint; applied: number; full?: Kept[] } | null> {
  return db.transaction(async (tx) => {
    const [agent] = await tx.$queryRaw<{ lastSeq: bigint; reportEpoch: string | null }[]>`
      SELECT "lastSeq", "reportEpoch" FROM agents WHERE id = ${of.agentId} AND "revokedAt" IS NULL FOR UPDATE`
    if (!agent) return null
    let lastSeq = agent.lastSeq
    if (agent.reportEpoch !== of.epoch) {
      await mayBeginAnew(tx, of.agentId, of.now)
      // another store on that host: its numbers start again, and its journal's too
      lastSeq = 0n
      await tx.journalEntry.updateMany({ where: { agentId: of.agentId }, data: { seq: null } })
    }
    const fresh = of.reports.filter(({ seq }) => seq > lastSeq).sort((a, b) => (a.seq < b.seq ? -1 : 1))
    const changes = new Map<string, NewChange>()
    const room = new Room(tx, of.agentId)
    for (const { seq, report } of fresh) {
      lastSeq = seq
      const told = await apply(tx, of, plainText(report), { now: of.now, room })
      if (told === null) continue
      const change = { ...told, owner: of.owner }
      changes.set(`${told.topic}:${told.key}`, change)
    }
    const kinds = fresh.map(({ report }) => report.kind)
    if (kinds.includes('job')) await cutJobs(tx, of.agentId)
    const added = kinds.filter((kind) => kind === 'journal').length
    if (added > 0) await cutJournal(db, tx, { ...of, added })
    await tx.agent.update({
      where: { id: of.agentId },
      data: { lastSeq, reportEpoch: of.epoch, lastSeenAt: of.now },
    })
    await noteChanges(tx, [...changes.values()])
    const full = room.full.size > 0 ? { full: [...room.full] } : {}
    return { lastSeq, applied: fresh.length, ...full }
  })
}

type Told = Pick<NewChange, 'topic' | 'key'>

/** @returns null when there was no room for it */
function apply(
  tx: Queries,
  by: Reporter,
  report: Report,
  { now, room }: { now: Date; room: Room },
): Promise<Told | null> {
  switch (report.kind) {
    case 'host':
      return applyHost(tx, by, report)
    case 'source':
      return applySource(tx, by, report, now, room)
    case 'sector':
      return applySector(tx, by, report, now, room)
    case 'snapshot':
      return applySnapshot(tx, by, report, room)
    case 'contract':
      return applyContract(tx, by, report, now, room)
    case 'job':
      return applyJob(tx, by, report, now)
    case 'journal':
      return applyJournal(tx, by, report)
    case 'command':
      return applyCommand(tx, by, report, now)
  }
}

async function applyHost(tx: Queries, { agentId }: Reporter, report: ReportOf<'host'>): Promise<Told> {
  const { hostName, os, arch, version, roles } = report
  await tx.agent.update({
    where: { id: agentId },
    // the operator stays the one whose key was proven at pairing
    data: { hostName, os, arch, version, roles, state: json(report) },
  })
  return { topic: 'agent', key: agentId }
}

async function applySource(
  tx: Queries,
  { agentId, owner }: Reporter,
  report: ReportOf<'source'>,
  now: Date,
  room: Room,
): Promise<Told | null> {
  const { sourceId, name, path, state, bytes, snapshots } = report
  const row = {
    owner,
    name,
    path,
    state,
    bytes,
    snapshots,
    files: BigInt(report.files),
    orders: json(report.orders),
    excludes: json(report.excludes),
    excluded: BigInt(report.excluded),
    lastSnapshotAt: date(report.lastSnapshotMs),
    updatedAt: now,
    removedAt: report.removed ? now : null,
  }
  const key = { agentId, sourceId }
  const { count } = await tx.source.updateMany({ where: key, data: row })
  if (count === 0 && !(await room.take('source'))) return null
  if (count === 0) await tx.source.create({ data: { ...key, ...row, createdAt: now } })
  await applySchedule(tx, { agentId, owner }, report, now)
  return { topic: 'source', key: sourceId }
}

/** A row also without a rule: that nothing runs, and what is kept, is known then. */
async function applySchedule(
  tx: Queries,
  { agentId, owner }: Reporter,
  { sourceId, schedule, retention }: ReportOf<'source'>,
  now: Date,
): Promise<void> {
  const row = {
    owner,
    kind: schedule?.rule.kind ?? 'off',
    spec: schedule?.rule.spec ?? '',
    timeZone: schedule?.rule.timeZone ?? '',
    enabled: schedule !== null,
    keepLast: retention?.last ?? null,
    keepDaily: retention?.daily ?? null,
    keepWeekly: retention?.weekly ?? null,
    keepMonthly: retention?.monthly ?? null,
    keepZone: retention?.timeZone ?? null,
    nextRunAt: date(schedule?.nextMs ?? null),
    lastRunAt: date(schedule?.lastMs ?? null),
    lastOutcome: schedule?.lastOutcome ?? null,
    lastNote: schedule?.lastNote ?? null,
    missedRuns: Math.min(schedule?.missed ?? 0, 2 ** 31 - 1),
    updatedAt: now,
  }
  const key = { agentId, sourceId }
  await tx.schedule.upsert({
    where: { agentId_sourceId: key },
    create: { ...key, ...row },
    update: row,
  })
}

async function applySector(
  tx: Queries,
  { agentId, owner }: Reporter,
  report: ReportOf<'sector'>,
  now: Date,
  room: Room,
): Promise<Told | null> {
  const { kind: _kind, sectorId, removed, bills, ...facts } = report
  const row = { ...facts, owner, bills: json(bills), updatedAt: now, removedAt: removed ? now : null }
  const key = { agentId, sectorId }
  const { count } = await tx.sector.updateMany({ where: key, data: row })
  if (count === 0 && !(await room.take('sector'))) return null
  if (count === 0) await tx.sector.create({ data: { ...key, ...row, createdAt: now } })
  return { topic: 'sector', key: sectorId }
}

async function applySnapshot(
  tx: Queries,
  { agentId, owner }: Reporter,
  report: ReportOf<'snapshot'>,
  room: Room,
): Promise<Told | null> {
  const { kind: _kind, sourceId, snapshotId, takenMs, orders, ...facts } = report
  const row = {
    ...facts,
    owner,
    takenAt: new Date(takenMs),
    orders: json(orders),
    durable: orders.length > 0,
  }
  const key = { agentId, sourceId, snapshotId }
  if (report.forgotten) {
    // all else about it stands as it was
    await tx.snapshot.updateMany({ where: key, data: { forgotten: true } })
    return { topic: 'source', key: sourceId }
  }
  const { count } = await tx.snapshot.updateMany({ where: key, data: row })
  if (count === 0 && !(await room.take('snapshot'))) return null
  if (count === 0) await tx.snapshot.create({ data: { ...key, ...row } })
  return { topic: 'source', key: sourceId }
}

async function applyContract(
  tx: Queries,
  { agentId, owner }: Reporter,
  report: ReportOf<'contract'>,
  now: Date,
  room: Room,
): Promise<Told | null> {
  const { kind: _kind, orderId, ...facts } = report
  const row = { ...facts, owner, updatedAt: now }
  const key = { agentId, orderId }
  const { count } = await tx.contract.updateMany({ where: key, data: row })
  if (count === 0 && !(await room.take('contract'))) return null
  if (count === 0) await tx.contract.create({ data: { ...key, ...row } })
  return { topic: 'contract', key: String(orderId) }
}

async function applyJob(
  tx: Queries,
  { agentId, owner }: Reporter,
  report: ReportOf<'job'>,
  now: Date,
): Promise<Told> {
  const { subject, state, stage, sourceId, commandId, done, total, rate, note } = report
  const row = {
    owner,
    subject,
    state,
    stage,
    sourceId,
    commandId,
    done,
    total,
    rate,
    note,
    kind: report.job,
    ...(report.result === null ? {} : { result: json(report.result) }),
    ...(report.error === null ? {} : { error: json(report.error) }),
    startedAt: date(report.startedMs),
    finishedAt: date(report.finishedMs),
    updatedAt: now,
  }
  const key = { agentId, jobId: report.jobId }
  await tx.job.upsert({
    where: { agentId_jobId: key },
    create: { ...key, ...row },
    update: row,
  })
  return { topic: 'job', key: report.jobId }
}

async function applyJournal(
  tx: Queries,
  { agentId, owner }: Reporter,
  report: ReportOf<'journal'>,
): Promise<Told> {
  const { level, event, subject, message } = report
  await tx.journalEntry.createMany({
    data: [
      {
        owner,
        agentId,
        seq: BigInt(report.entry),
        time: new Date(report.timeMs),
        level,
        event,
        subject,
        message,
        data: json(report.data),
      },
    ],
    skipDuplicates: true,
  })
  return { topic: 'journal', key: '' }
}

async function applyCommand(
  tx: Queries,
  { agentId }: Reporter,
  report: ReportOf<'command'>,
  now: Date,
): Promise<Told> {
  await tx.command.updateMany({
    where: { id: report.commandId, agentId, state: { in: ['queued', 'delivered', 'expired'] } },
    data: {
      state: report.state,
      finishedAt: now,
      ...(report.result === null ? {} : { result: json(report.result) }),
      ...(report.error === null ? {} : { error: json(report.error) }),
    },
  })
  return { topic: 'command', key: String(report.commandId) }
}

const date = (ms: number | null): Date | null => (ms === null ? null : new Date(ms))

/** JSON columns hold integers beyond 2^53 as decimal text. */
const json = (value: unknown): Prisma.InputJsonValue =>
  JSON.parse(
    JSON.stringify(value, (_key, inner: unknown) => (typeof inner === 'bigint' ? inner.toString() : inner)),
  ) as Prisma.InputJsonValue
