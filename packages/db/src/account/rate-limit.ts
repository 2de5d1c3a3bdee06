import type { Database, Queries } from '../open-database.ts'

/**
 * Counts one attempt under a key, for all web instances together.
 * @returns how many there were in the running window, this one counted; and when the window ends.
 */
export async function countAttempt(
  db: { prisma: Pick<Queries, '$queryRaw'> },
  of: { key: string; windowMs: number; now: Date },
): Promise<{ count: number; resetAt: Date }> {
  const end = new Date(of.now.getTime() + of.windowMs)
  const [row] = await db.prisma.$queryRaw<{ count: number; resetAt: Date }[]>`
    INSERT INTO rate_limits (key, count, "resetAt") VALUES (${of.key}, 1, ${end})
    ON CONFLICT (key) DO UPDATE SET
      count = CASE WHEN rate_limits."resetAt" <= ${of.now} THEN 1 ELSE rate_limits.count + 1 END,
      "resetAt" = CASE WHEN rate_limits."resetAt" <= ${of.now} THEN ${end} ELSE rate_limits."resetAt" END
    RETURNING count, "resetAt"`
  return row ?? { count: 1, resetAt: end }
}

/** How many attempts stand under a key, without counting one. */
export async function attempts(db: Database, key: string, now: Date): Promise<number> {
  const row = await db.prisma.rateLimit.findFirst({ where: { key, resetAt: { gt: now } } })
  return row?.count ?? 0
}

export async function deleteOldLimits(db: Database, now: Date): Promise<void> {
  await db.prisma.rateLimit.deleteMany({ where: { resetAt: { lt: now } } })
}
