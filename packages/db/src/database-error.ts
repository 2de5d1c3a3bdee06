import { DmcError } from '@dmc/core/errors/dmc-error'
import { redactDatabaseUrl } from './redact-database-url.ts'

/** Where the database is, as people may see it. */
export const placeOf = (options: { url?: string | undefined; folder?: string | undefined }): string =>
  options.url === undefined ? `the folder ${options.folder}` : redactDatabaseUrl(options.url)

/** A server that can't be reached or does not let us in. */
export function unreachable(place: string, cause: unknown): DmcError {
  const why = cause instanceof Error && cause.message !== '' ? cause.message : String(cause)
  return new DmcError('DATABASE_UNREACHABLE', `The database at ${place} can’t be opened: ${why}.`, {
    hint: 'Check DATABASE_URL, and that the server runs and lets this user in; without DATABASE_URL a local folder is used.',
    cause,
  })
}
