import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { DmcError } from '@dmc/core/errors/dmc-error'

export interface FolderLock {
  release(): void
}

/**
 * One process per folder: PGlite itself would let two open it and ruin each other's pages. The lock is the kernel's, held by an
 * exclusive transaction on an empty SQLite file for as long as the process lives: a kill leaves nothing to clean up, and a pid that is
 * used again is not mistaken for its predecessor. `lock.json` only names the holder for the message.
 * @throws DATABASE_LOCKED naming the pid; TARGET_UNWRITABLE
 */
export function lockFolder(folder: string): FolderLock {
  const holder = join(folder, 'lock.json')
  let mutex: DatabaseSync | undefined
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    mutex = new DatabaseSync(join(folder, 'lock.db'), { timeout: 0 })
    mutex.exec('BEGIN EXCLUSIVE')
    writeFileSync(holder, JSON.stringify({ pid: process.pid, since: new Date().toISOString() }), {
      mode: 0o600,
    })
  } catch (error) {
    mutex?.close()
    if (isBusy(error)) throw lockedBy(folder, readHolder(holder))
    const why = (error as NodeJS.ErrnoException).code ?? 'failed'
    throw new DmcError(
      'TARGET_UNWRITABLE',
      `The database folder ${folder} can’t be used: ${why}, ${error}.`,
      {
        hint: 'Check the folder, its owner and the space on its disk, or choose another one with DMC_WEB_DATA.',
        cause: error,
      },
    )
  }
  const held = mutex
  let open = true
  return {
    release() {
      if (!open) return
      open = false
      held.close()
    },
  }
}

/** SQLITE_BUSY, and SQLITE_LOCKED for the holder in this very process. */
const isBusy = (error: unknown) => [5, 6].includes(((error as { errcode?: number }).errcode ?? 0) & 0xff)

function readHolder(file: string): number | null {
  try {
    return (JSON.parse(readFileSync(file, 'utf8')) as { pid: number }).pid
  } catch {
    return null
  }
}

function lockedBy(folder: string, pid: number | null): DmcError {
  const who = pid === null ? 'another process' : `the process ${pid}`
  return new DmcError('DATABASE_LOCKED', `The database folder ${folder} is in use by ${who}.`, {
    hint: 'Stop that dashboard first, or give this one another folder; several at once need PostgreSQL (DATABASE_URL).',
    meta: pid === null ? {} : { pid },
  })
}
