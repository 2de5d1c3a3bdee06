import type { Database } from '../open-database.ts'

export interface SessionRow {
  address: string
  expiresAt: Date
  lastSeenAt: Date
}

/** A session, and the wallet's account if this is its first. */
export async function addSession(
  db: Database,
  of: { idHash: string; address: string; expiresAt: Date; browser: string | null; now: Date },
): Promise<void> {
  const { now, ...session } = of
  await db.prisma.$transaction([
    db.prisma.user.upsert({
      where: { address: of.address },
      create: { address: of.address, createdAt: now, lastSeenAt: now },
      update: { lastSeenAt: now },
    }),
    db.prisma.session.create({ data: { ...session, createdAt: now, lastSeenAt: now } }),
  ])
}

/** null when there is none or it has expired. */
export async function findSession(db: Database, idHash: string, now: Date): Promise<SessionRow | null> {
  return db.prisma.session.findFirst({
    where: { idHash, expiresAt: { gt: now } },
    select: { address: true, expiresAt: true, lastSeenAt: true },
  })
}

export async function touchSession(db: Database, idHash: string, now: Date): Promise<void> {
  await db.prisma.session.updateMany({ where: { idHash }, data: { lastSeenAt: now } })
}

/** True when it was there. */
export async function deleteSession(db: Database, idHash: string): Promise<boolean> {
  const { count } = await db.prisma.session.deleteMany({ where: { idHash } })
  return count > 0
}

export async function deleteOldSessions(db: Database, now: Date): Promise<void> {
  await db.prisma.session.deleteMany({ where: { expiresAt: { lt: now } } })
}
