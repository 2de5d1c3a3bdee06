import { DmcError } from '@dmc/core/errors/dmc-error'
import { redactDatabaseUrl } from './redact-database-url.ts'

/** A server that can't be reached or does not let us in, or a folder that holds no database that can be read. */
export function unreachable(
  options: { url?: string | undefined; folder?: string | undefined },
  cause: unknown,
): DmcError {
  const why = cause instanceof Error && cause.message !== '' ? cause.message : String(cause)
  const { url, folder } = options
  if (url === undefined) {
    return new DmcError(
      'DATABASE_UNREACHABLE',
      `The database in ${folder ?? 'memory'} can’t be opened: ${why}.`,
      {
        hint: 'Check the space on its disk. If the folder is damaged, move it away: what comes from chain and agents is read again, agents are paired again.',
        retryable: false,
        cause,
      },
    )
  }
  const place = redactDatabaseUrl(url)
  return new DmcError('DATABASE_UNREACHABLE', `The database at ${place} can’t be opened: ${why}.`, {
    hint: 'Check DATABASE_URL, and that the server runs and lets this user in; without DATABASE_URL a local folder is used.',
    cause,
  })
}
