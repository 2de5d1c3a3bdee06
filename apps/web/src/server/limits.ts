import { DmcError } from '@dmc/core/errors/dmc-error'
import { countAttempt } from '@dmc/db/account/rate-limit'
import type { Services } from './services.ts'

export const tooMany = (): DmcError =>
  new DmcError('TOO_MANY_REQUESTS', 'That was asked too often.', { hint: 'Wait a minute, then try again.' })

/** Counts one use under a key, for all instances together. @throws TOO_MANY_REQUESTS */
export async function countOrRefuse(
  { services }: { services: Pick<Services, 'db'> },
  key: string,
  { most, windowMs }: { most: number; windowMs: number },
): Promise<void> {
  const now = new Date()
  const { count, resetAt } = await countAttempt(services.db, { key, windowMs, now })
  if (count <= most) return
  const minutes = Math.max(1, Math.ceil((resetAt.getTime() - now.getTime()) / 60_000))
  throw new DmcError('TOO_MANY_REQUESTS', 'That was asked too often.', {
    hint: minutes === 1 ? 'Wait a minute, then try again.' : `Try again in ${minutes} minutes.`,
  })
}
