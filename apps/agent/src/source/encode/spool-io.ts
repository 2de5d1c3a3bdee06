import { closeSync, fsyncSync, openSync, readSync } from 'node:fs'
import { DmcError } from '@dmc/core/errors/dmc-error'

const SQLITE_FULL = 13

/** DISK_FULL when that is what an error of the file system or of SQLite says; else null. */
export function toDiskFull(error: unknown): DmcError | null {
  if (DmcError.is(error)) return null
  const { code, errcode } = (error ?? {}) as { code?: string; errcode?: number }
  if (code !== 'ENOSPC' && code !== 'EDQUOT' && errcode !== SQLITE_FULL) return null
  return new DmcError('DISK_FULL', "The disk with the agent's data folder is full.", {
    hint: 'Make room there; the backup then goes on where it stopped.',
    retryable: true,
    cause: error,
  })
}

/** Runs a write; a full disk becomes DISK_FULL. Nothing is lost: the session goes on once there is room. */
export function disk<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw toDiskFull(error) ?? error
  }
}

/** Makes a file durable that someone else wrote. */
export function syncFile(file: string): void {
  const fd = openSync(file, 'r')
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}

export const syncFolder = (folder: string): void => syncFile(folder)

/** Code ENODATA: the spool does not hold what its journal says. */
export const spoolDamaged = (): Error =>
  Object.assign(new Error('ENODATA: the spool does not hold what its journal says'), { code: 'ENODATA' })

export function readFully(fd: number, into: Uint8Array, position: number): void {
  for (let at = 0; at < into.length; ) {
    const read = readSync(fd, into, at, into.length - at, position + at)
    if (read === 0) throw spoolDamaged()
    at += read
  }
}
