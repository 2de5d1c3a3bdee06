import { existsSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { DmcError } from '@dmc/core/errors/dmc-error'
import { logDbFile, MANIFEST } from '../source-paths.ts'

/** SQLite's numbers for a file that is not what SQLite has written, or that the disk can't give back. */
const DAMAGE: readonly number[] = [10, 11, 26]

/**
 * When an error says that a database of a source's cache is damaged: finds which, and puts it out of the way. Nothing in it exists only
 * there: a list of files is made anew by reading every file, log.db from the log. Null for any other error, and when all are sound.
 */
export function letGoDamaged(folder: string, error: unknown): DmcError | null {
  if (!saysDamaged(error)) return null
  const gone: string[] = []
  for (const name of readdirSync(folder).filter((each) => MANIFEST.test(each))) {
    if (isSound(join(folder, name))) continue
    rmSync(join(folder, name), { force: true })
    gone.push(name)
  }
  const log = logDbFile(folder)
  if (existsSync(log) && !isSound(log)) {
    for (const end of ['', '-wal', '-shm'])
      if (existsSync(log + end)) renameSync(log + end, `${log}.damaged${end}`)
    gone.push('log.db')
  }
  if (gone.length === 0) return null
  return new DmcError(
    'CACHE_DAMAGED',
    `The disk has damaged what this host knew of the source (${gone.join(', ')} in ${folder}); it was put out of the way.`,
    {
      hint: 'Nothing is lost: run the backup again. It reads every file once and stores what is new. Then look at the disk.',
      retryable: true,
      cause: error,
    },
  )
}

function saysDamaged(error: unknown): boolean {
  const { errcode, cause } = (error ?? {}) as { errcode?: unknown; cause?: unknown }
  if (typeof errcode === 'number') return DAMAGE.includes(errcode & 0xff)
  return DmcError.is(error) && cause !== undefined && saysDamaged(cause)
}

function isSound(file: string): boolean {
  try {
    const db = new DatabaseSync(file, { timeout: 5000 })
    try {
      const [first] = db.prepare('PRAGMA quick_check(1)').all()
      return first?.quick_check === 'ok'
    } finally {
      db.close()
    }
  } catch (error) {
    // a full disk, or one who holds it too long, says nothing of it
    return !saysDamaged(error)
  }
}
