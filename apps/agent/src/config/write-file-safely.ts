import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { DmcError } from '@dmc/core/errors/dmc-error'
import { makeFolder } from '../disk/make-folder.ts'

/**
 * Replaces a small private file whole or not at all: a new file beside it (0600, O_EXCL), fsync, rename, fsync of the folder.
 * @throws DISK_FULL, or TARGET_UNWRITABLE with the system's reason.
 */
export function writeFileSafely(file: string, content: string): void {
  const temporary = `${file}.new-${process.pid}`
  try {
    makeFolder(dirname(file), 0o700)
    rmSync(temporary, { force: true })
    const handle = openSync(temporary, 'wx', 0o600)
    try {
      writeFileSync(handle, content)
      fsyncSync(handle)
    } finally {
      closeSync(handle)
    }
    renameSync(temporary, file)
    syncFolder(dirname(file))
  } catch (error) {
    remove(temporary)
    throw cannotWrite(file, error)
  }
}

/**
 * Creates a small private file that must not exist yet (0600, O_EXCL), durable when it returns; a failure leaves none.
 * @throws DISK_FULL, or TARGET_UNWRITABLE with the system's reason.
 */
export function createFileSafely(file: string, content: string): 'created' | 'exists' {
  let handle: number
  try {
    makeFolder(dirname(file), 0o700)
  } catch (error) {
    throw cannotWrite(file, error)
  }
  try {
    handle = openSync(file, 'wx', 0o600)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return 'exists'
    throw cannotWrite(file, error)
  }
  try {
    try {
      writeFileSync(handle, content)
      fsyncSync(handle)
    } finally {
      closeSync(handle)
    }
    syncFolder(dirname(file))
    return 'created'
  } catch (error) {
    // half a keystore would be taken for one
    remove(file)
    throw cannotWrite(file, error)
  }
}

/** Why it could not be written is what a person needs to hear, not why it could not be removed. */
function remove(file: string): void {
  try {
    rmSync(file, { force: true })
  } catch {
    // its folder is none, or the disk is gone
  }
}

function syncFolder(folder: string): void {
  const handle = openSync(folder, 'r')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}

function cannotWrite(file: string, error: unknown): DmcError {
  const code = (error as NodeJS.ErrnoException).code ?? 'failed'
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new DmcError('DISK_FULL', `No space left to write ${file}.`, {
      hint: 'Free some space on that disk and try again.',
      cause: error,
    })
  }
  return new DmcError('TARGET_UNWRITABLE', `${file} cannot be written: ${code}.`, {
    hint: 'Check the folder and its permissions, or choose another one with --data-dir.',
    cause: error,
  })
}
