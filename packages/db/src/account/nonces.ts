import { GATHER_MS, Groups, perDatabase } from '../groups.ts'
import type { Database } from '../open-database.ts'

export type NonceKind = 'siwe' | 'agent' | 'pairing'

interface NewNonce {
  nonce: string
  kind: NonceKind
  subject?: string
  expiresAt: Date
}

interface Taken {
  subject: string | null
  expiresAt: Date
}

const MOST = 128

/** After a restart of the dashboard every agent asks for one at once. */
const additions = perDatabase(
  (db) =>
    new Groups<NewNonce, void>({
      async run(nonces) {
        await db.prisma.nonce.createMany({
          data: nonces.map(({ nonce, kind, subject, expiresAt }) => ({
            nonce,
            kind,
            subject: subject ?? null,
            expiresAt,
          })),
        })
        return nonces.map(() => undefined)
      },
      most: MOST,
      everyMs: GATHER_MS,
    }),
)

/** Of two in a group that bring the same one the second waits for the next group, and finds it gone. */
const takings = perDatabase(
  (db) =>
    new Groups<{ nonce: string; kind: NonceKind }, Taken | null>({
      async run(wanted) {
        const rows = await db.prisma.$queryRaw<({ nonce: string; kind: NonceKind } & Taken)[]>`
          DELETE FROM nonces WHERE (nonce, kind) IN (
            SELECT * FROM unnest(${wanted.map(({ nonce }) => nonce)}::text[], ${wanted.map(({ kind }) => kind)}::text[]))
          RETURNING nonce, kind, subject, "expiresAt"`
        const found = new Map(
          rows.map(({ nonce, kind, subject, expiresAt }) => [`${kind} ${nonce}`, { subject, expiresAt }]),
        )
        return wanted.map(({ nonce, kind }) => found.get(`${kind} ${nonce}`) ?? null)
      },
      key: ({ nonce, kind }) => `${kind} ${nonce}`,
      most: MOST,
      everyMs: GATHER_MS,
    }),
)

export const addNonce = (db: Database, of: NewNonce): Promise<void> => additions(db).add(of)

/**
 * Takes a nonce out, whatever comes after: of two that bring the same one, one gets it. Called before anything is verified.
 * @returns null when it was never given out or was used before.
 */
export const takeNonce = (db: Database, of: { nonce: string; kind: NonceKind }): Promise<Taken | null> =>
  takings(db).add(of)

export async function deleteOldNonces(db: Database, now: Date): Promise<void> {
  await db.prisma.nonce.deleteMany({ where: { expiresAt: { lt: now } } })
}
