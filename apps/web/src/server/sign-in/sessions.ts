import { createHash, randomBytes } from 'node:crypto'
import { addSession, deleteSession, findSession } from '@dmc/db/account/sessions'
import type { Database } from '@dmc/db/open-database'
import { type Address, getAddress } from 'viem'
import { readSessionCookie, sessionCookieName } from '../http/cookies.ts'

/** How long a person stays signed in. */
export const SESSION_MS = 7 * 24 * 3600_000

/** Told when a session ends, so that every instance closes its sockets; the message is the hash. */
export const SESSION_ENDED_CHANNEL = 'session_ended'

export interface Session {
  hash: string
  address: Address
  expiresAt: Date
}

/** A new session: the cookie gets the token, the database its hash. */
export async function openSession(
  db: Database,
  of: { address: Address; browser: string | null; now: Date },
): Promise<{ token: string; expiresAt: Date }> {
  const token = randomBytes(32).toString('base64url')
  const expiresAt = new Date(of.now.getTime() + SESSION_MS)
  await addSession(db, { ...of, idHash: hashOf(token), expiresAt })
  return { token, expiresAt }
}

/** Whose cookie it is; null for none, an unknown one and an expired one alike. */
export async function sessionOfCookie(
  db: Database,
  of: { cookie: string | null | undefined; origin: string; now: Date },
): Promise<Session | null> {
  const token = readSessionCookie(of.cookie, sessionCookieName(of.origin))
  if (token === null) return null
  const hash = hashOf(token)
  const session = await findSession(db, hash, of.now)
  return session && { hash, address: getAddress(session.address), expiresAt: session.expiresAt }
}

export async function endSession(db: Database, hash: string): Promise<void> {
  await deleteSession(db, hash)
  await db.notify(SESSION_ENDED_CHANNEL, hash)
}

const hashOf = (token: string): string => createHash('sha256').update(token).digest('hex')
