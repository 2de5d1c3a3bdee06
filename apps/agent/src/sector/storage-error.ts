import { DmcError } from '@dmc/core/errors/dmc-error'
import { toDmcError } from '@dmc/core/errors/to-dmc-error'

/** errno of a failed system call, '' for anything else. */
export const errnoOf = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : ''

const FULL = ['ENOSPC', 'EDQUOT', 'EFBIG']

/** A failed read or write of a sector as the error that people see (flow 9). */
export function storageError(error: unknown, path: string, doing: string): DmcError {
  if (DmcError.is(error)) return error
  const errno = errnoOf(error)
  // a wrong argument is our mistake, not the disk's
  if (errno.startsWith('ERR_') && errno !== 'ERR_SQLITE_ERROR') return toDmcError(error)
  const text = error instanceof Error ? error.message : String(error)
  if (FULL.includes(errno) || /disk is full|SQLITE_FULL/i.test(text)) {
    return new DmcError('DISK_FULL', `The disk of ${path} is full: ${doing} failed (${errno || text}).`, {
      hint: 'Free space on that disk; delivery goes on by itself.',
      retryable: true,
      cause: error,
    })
  }
  return new DmcError('SECTOR_DAMAGED', `${path}: ${doing} failed (${errno || text}).`, {
    hint: 'Check the disk (dmesg, smartctl); nothing was acknowledged.',
    cause: error,
  })
}
