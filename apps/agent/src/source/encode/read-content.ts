import { type BigIntStats, closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import { DmcError } from '@dmc/core/errors/dmc-error'
import { showPath } from '../path-bytes.ts'
import { reasonOf } from './read-folder.ts'

const READ_FLAGS = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)
/** Reads of a file that changes each time. */
const ATTEMPTS = 4

/** Why a file was not stored. */
export interface NotStored {
  listed: 'unreadable' | 'changed'
  reason: string
}

/** What happened to a file whose content was asked for: gone, not storable, or read whole as it was at `stat`. */
export type ReadOutcome = { stat: BigIntStats } | NotStored | 'gone'

/**
 * Opens a regular file without following a symlink, reads it with `read`, and makes sure that it did not change
 * meanwhile (size, times, inode); reads again up to three times. `read` gets the stat and must take exactly
 * `stat.size` bytes, or return false for a file that ended early or went on; `undo` takes back what it took.
 */
export function readStable(
  path: Buffer,
  read: (fd: number, stat: BigIntStats) => boolean,
  undo: () => void,
): ReadOutcome {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    let fd: number
    try {
      fd = openSync(path, READ_FLAGS)
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'ENOENT' || code === 'ENOTDIR') return 'gone'
      const reason = reasonOf(error)
      if (reason === null) throw error
      // a symlink now, or a device without a driver: no longer the file that was found
      return { listed: code === 'ELOOP' || code === 'ENXIO' ? 'changed' : 'unreadable', reason }
    }
    try {
      const before = fstatSync(fd, { bigint: true })
      if (!before.isFile()) return { listed: 'changed', reason: 'it is no longer a regular file' }
      if (read(fd, before) && sameFile(before, fstatSync(fd, { bigint: true }))) return { stat: before }
      undo()
    } catch (error) {
      undo()
      if (DmcError.is(error) && error.code === 'READ_ERROR') {
        return { listed: 'unreadable', reason: `READ_ERROR: ${error.message}` }
      }
      throw error
    } finally {
      closeSync(fd)
    }
  }
  return { listed: 'changed', reason: `FILE_CHANGED: it changed during each of ${ATTEMPTS} reads` }
}

const sameFile = (a: BigIntStats, b: BigIntStats): boolean =>
  a.size === b.size && a.mtimeNs === b.mtimeNs && a.ctimeNs === b.ctimeNs && a.ino === b.ino

/** Fills `into` from `position`, or less at the end of the file. @throws READ_ERROR with path and offset. */
export function readAt(fd: number, into: Uint8Array, position: number, path: Buffer): number {
  let at = 0
  while (at < into.length) {
    let read: number
    try {
      read = readSync(fd, into, at, into.length - at, position + at)
    } catch (error) {
      const reason = reasonOf(error) ?? String(error)
      throw new DmcError('READ_ERROR', `${showPath(path)} at offset ${position + at}: ${reason}`, {
        hint: 'Check the disk that holds the source (dmesg, smartctl).',
        cause: error,
      })
    }
    if (read === 0) break
    at += read
  }
  return at
}
