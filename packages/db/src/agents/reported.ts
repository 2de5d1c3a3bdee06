import type { Database } from '../open-database.ts'

/** Rows as agents last reported them; every query is restricted to one wallet. */

export function listSources(db: Database, of: { owner: string; agentId?: string | undefined }) {
  return db.prisma.source.findMany({
    where: {
      owner: of.owner,
      removedAt: null,
      agent: { revokedAt: null },
      ...(of.agentId ? { agentId: of.agentId } : {}),
    },
    orderBy: [{ createdAt: 'asc' }, { sourceId: 'asc' }],
    take: 1000,
    include: { agent: { select: { name: true, connectedAt: true } } },
  })
}

/** A wallet's source by its id; ids are random, so the agent need not be named. */
export function findSource(
  db: Database,
  of: { owner: string; sourceId: string; agentId?: string | undefined },
) {
  return db.prisma.source.findFirst({
    where: {
      owner: of.owner,
      sourceId: of.sourceId,
      agent: { revokedAt: null },
      ...(of.agentId ? { agentId: of.agentId } : {}),
    },
    include: { agent: { select: { name: true, connectedAt: true } } },
  })
}

/** Schedules and what is kept, by source, as the agents last said. */
export function listSchedules(db: Database, of: { owner: string; sourceId?: string; agentId?: string }) {
  return db.prisma.schedule.findMany({ where: of, take: 1000 })
}

export function listSnapshots(db: Database, of: { owner: string; agentId: string; sourceId: string }) {
  return db.prisma.snapshot.findMany({
    where: { ...of, forgotten: false },
    orderBy: { takenAt: 'desc' },
    take: 1000,
  })
}

export function findSnapshot(
  db: Database,
  of: { owner: string; agentId: string; sourceId: string; snapshotId: string },
) {
  return db.prisma.snapshot.findFirst({ where: { ...of, forgotten: false } })
}

export function listSectors(db: Database, of: { owner: string }) {
  return db.prisma.sector.findMany({
    where: { owner: of.owner, removedAt: null, agent: { revokedAt: null } },
    orderBy: [{ createdAt: 'asc' }, { sectorId: 'asc' }],
    take: 1000,
    include: { agent: { select: { name: true, connectedAt: true } } },
  })
}

export function findSector(
  db: Database,
  of: { owner: string; sectorId: string; agentId?: string | undefined },
) {
  return db.prisma.sector.findFirst({
    where: {
      owner: of.owner,
      sectorId: of.sectorId,
      removedAt: null,
      agent: { revokedAt: null },
      ...(of.agentId ? { agentId: of.agentId } : {}),
    },
  })
}

export function listContracts(db: Database, of: { owner: string; role?: string; orderIds?: bigint[] }) {
  return db.prisma.contract.findMany({
    where: {
      owner: of.owner,
      ...(of.role ? { role: of.role } : {}),
      ...(of.orderIds ? { orderId: { in: of.orderIds } } : {}),
    },
    orderBy: { orderId: 'desc' },
    take: 1000,
  })
}

export function listJobs(
  db: Database,
  of: {
    owner: string
    kind?: string | undefined
    sourceId?: string | undefined
    open?: boolean | undefined
    limit: number
  },
) {
  return db.prisma.job.findMany({
    where: {
      owner: of.owner,
      ...(of.kind ? { kind: of.kind } : {}),
      ...(of.sourceId ? { sourceId: of.sourceId } : {}),
      ...(of.open ? { state: { in: ['waiting', 'running', 'paused'] } } : {}),
    },
    orderBy: { updatedAt: 'desc' },
    take: of.limit,
  })
}

/** The job that a command started. */
export function findJobOfCommand(db: Database, of: { owner: string; agentId: string; commandId: bigint }) {
  return db.prisma.job.findFirst({ where: of })
}

export function listJournal(
  db: Database,
  of: {
    owner: string
    level?: 'info' | 'warning' | 'error' | undefined
    agentId?: string | undefined
    subject?: string | undefined
    event?: string | undefined
    before?: bigint | undefined
    limit: number
  },
) {
  return db.prisma.journalEntry.findMany({
    where: {
      owner: of.owner,
      ...(of.level ? { level: of.level } : {}),
      ...(of.agentId ? { agentId: of.agentId } : {}),
      ...(of.subject ? { subject: of.subject } : {}),
      ...(of.event ? { event: of.event } : {}),
      ...(of.before ? { id: { lt: of.before } } : {}),
    },
    orderBy: { id: 'desc' },
    take: of.limit,
  })
}

/** How a wallet's orders are checked; one row for each host that checks one. */
export function listProofs(db: Database, of: { owner: string; orderIds?: bigint[] | undefined }) {
  return db.prisma.proof.findMany({
    where: {
      owner: of.owner,
      removed: false,
      agent: { revokedAt: null },
      ...(of.orderIds ? { orderId: { in: of.orderIds } } : {}),
    },
    orderBy: [{ orderId: 'desc' }, { agentId: 'asc' }],
    take: 1000,
    include: { agent: { select: { name: true, connectedAt: true } } },
  })
}

/** What checks came to, by order and day, all hosts of the wallet together. @param of.since first day (days since 1970-01-01) */
export async function listProofDays(
  db: Database,
  of: { owner: string; since: number; orderIds?: bigint[] | undefined },
): Promise<ProofDaySums[]> {
  const rows = await db.prisma.proofDay.groupBy({
    by: ['orderId', 'day'],
    where: {
      owner: of.owner,
      day: { gte: of.since },
      ...(of.orderIds ? { orderId: { in: of.orderIds } } : {}),
    },
    _sum: { passed: true, wrong: true, refused: true, offline: true, unknown: true },
    _max: { maxMs: true, medianMs: true },
    orderBy: [{ orderId: 'desc' }, { day: 'asc' }],
    take: 40_000,
  })
  return rows.map(({ orderId, day, _sum, _max }) => ({
    orderId,
    day,
    passed: _sum.passed ?? 0,
    wrong: _sum.wrong ?? 0,
    refused: _sum.refused ?? 0,
    offline: _sum.offline ?? 0,
    unknown: _sum.unknown ?? 0,
    medianMs: _max.medianMs,
    maxMs: _max.maxMs,
  }))
}

export interface ProofDaySums {
  orderId: bigint
  day: number
  passed: number
  wrong: number
  refused: number
  offline: number
  unknown: number
  /** The slower host's median. */
  medianMs: number | null
  maxMs: number | null
}

/** How far a miner's hosts are with answers to challenges on chain. */
export function listAnswers(db: Database, of: { owner: string; orderIds?: bigint[] | undefined }) {
  return db.prisma.answer.findMany({
    where: {
      owner: of.owner,
      agent: { revokedAt: null },
      ...(of.orderIds ? { orderId: { in: of.orderIds } } : {}),
    },
    orderBy: [{ deadline: 'desc' }, { orderId: 'asc' }],
    take: 1000,
    include: { agent: { select: { name: true, connectedAt: true } } },
  })
}
