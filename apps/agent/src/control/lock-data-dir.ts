import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { DmcError } from '@dmc/core/errors/dmc-error'
import * as z from 'zod'
import { makeFolder } from '../disk/make-folder.ts'
import { isAlive, ownIdentity, type ProcessIdentity } from './process-identity.ts'

const lockSchema = z.object({
  pid: z.int().min(1),
  startTime: z.string(),
  bootId: z.string(),
  command: z.string(),
})

export type LockHolder = ProcessIdentity & { command: string }

export interface DataDirLock {
  release(): void
}

/**
 * One process per data folder: `agent.lock` names it by pid, start time and boot id, so that a lock left by a kill or a
 * power cut is taken over, and a pid used again is not mistaken for it. Looking and replacing happen under a lock of the
 * kernel (SQLite's, on `agent.lock.db`), so that of two that find a stale lock only one wins.
 * @param command shown to whoever meets the lock: "run", "backup".
 * @throws DATA_DIR_LOCKED naming the pid; TARGET_UNWRITABLE.
 */
export function lockDataDir(dataDir: string, command: string): DataDirLock {
  const file = join(dataDir, 'agent.lock')
  const own = JSON.stringify({ ...ownIdentity(), command })
  return exclusively(dataDir, () => {
    const holder = lockHolder(dataDir)
    if (holder) throw lockedBy(dataDir, holder, true)
    const temporary = `${file}.new`
    writeFileSync(temporary, own, { mode: 0o600 })
    renameSync(temporary, file)
    return {
      release() {
        if (readText(file) === own) rmSync(file, { force: true })
      },
    }
  })
}

/** Who holds the lock now; null when nobody alive does. */
export function lockHolder(dataDir: string): LockHolder | null {
  const text = readText(join(dataDir, 'agent.lock'))
  if (text === null) return null
  try {
    const owner = lockSchema.parse(JSON.parse(text))
    return isAlive(owner) ? owner : null
  } catch {
    return null
  }
}

function exclusively<T>(dataDir: string, work: () => T): T {
  let mutex: DatabaseSync | undefined
  try {
    makeFolder(dataDir, 0o700)
    mutex = new DatabaseSync(join(dataDir, 'agent.lock.db'), { timeout: 5000 })
    mutex.exec('BEGIN EXCLUSIVE')
    return work()
  } catch (error) {
    if (DmcError.is(error)) throw error
    const why = (error as NodeJS.ErrnoException).code ?? 'failed'
    throw new DmcError(
      'TARGET_UNWRITABLE',
      `The data folder ${dataDir} cannot be used: ${why}, ${String(error)}.`,
      {
        hint: 'Check the folder, its owner and the space on its disk, or choose another one with --data-dir.',
        cause: error,
      },
    )
  } finally {
    mutex?.close()
  }
}

function readText(file: string): string | null {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return null
  }
}

/** @param retryable true where nothing was done yet: a short command may be done in a moment. */
export function lockedBy(dataDir: string, { pid, command }: LockHolder, retryable = false): DmcError {
  const who = `\`dmc-agent ${command}\` with pid ${pid}`
  return new DmcError('DATA_DIR_LOCKED', `The data folder ${dataDir} is in use by ${who}.`, {
    hint: 'Wait until it is done, stop it with `dmc-agent stop`, or use another folder with --data-dir.',
    meta: { pid },
    retryable,
  })
}
