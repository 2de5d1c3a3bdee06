import type { Database } from '../open-database.ts'

export type NonceKind = 'siwe' | 'agent' | 'pairing'

export async function addNonce(
  db: Database,
  of: { nonce: string; kind: NonceKind; subject?: string; expiresAt: Date },
): Promise<void> {
  await db.prisma.nonce.create({ data: { ...of, subject: of.subject ?? null } })
}

/**
 * Takes a nonce out, whatever comes after: of two that bring the same one, one gets it. Called before anything is verified.
 * @returns null when it was never given out or was used before.
 */
export async function takeNonce(
  db: Database,
  of: { nonce: string; kind: NonceKind },
): Promise<{ subject: string | null; expiresAt: Date } | null> {
  const [row] = await db.prisma.$queryRaw<{ subject: string | null; expiresAt: Date }[]>`
    DELETE FROM nonces WHERE nonce = ${of.nonce} AND kind = ${of.kind}
    RETURNING subject, "expiresAt"`
  return row ?? null
}

export async function deleteOldNonces(db: Database, now: Date): Promise<void> {
  await db.prisma.nonce.deleteMany({ where: { expiresAt: { lt: now } } })
}
