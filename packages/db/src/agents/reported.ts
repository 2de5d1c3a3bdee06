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
