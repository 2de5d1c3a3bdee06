/** The five characters with which PostgreSQL says what went wrong; null for what did not come from it. */
export function sqlState(error: unknown): string | null {
  const meta = (error as { meta?: { driverAdapterError?: { cause?: { originalCode?: unknown } } } } | null)
    ?.meta
  const code = meta?.driverAdapterError?.cause?.originalCode
  return typeof code === 'string' ? code : null
}

/**
 * A value that the database can't take, a broken rule of a table, too much of something, or something that we could not even write
 * down: another item may still pass.
 */
export const isAboutData = (error: unknown): boolean =>
  error instanceof TypeError || error instanceof RangeError || /^(2[123]|54)/.test(sqlState(error) ?? '')

/** Two transactions stood in each other's way and nothing of this one was done: the same again will pass. */
export const isConflict = (error: unknown): boolean =>
  ['40001', '40P01'].includes(sqlState(error) ?? '') || (error as { code?: unknown } | null)?.code === 'P2034'
