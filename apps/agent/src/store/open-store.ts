import { type FileHandle, open } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { DmcError } from '@dmc/core/errors/dmc-error'
import { makeFolder } from '../disk/make-folder.ts'
import { inTransaction } from './in-transaction.ts'
import { MIGRATIONS } from './migrations.ts'

export interface Store {
  readonly db: DatabaseSync
  readonly dataDir: string
  /** Runs `work` in one durable transaction; rolls back when it throws. */
  transaction<T>(work: () => T): T
  /**
   * As `transaction`, but does not wait for the disk, which a busy one makes last for tenths of a second. A kill takes nothing back; a
   * power cut may, with nothing that was durable after it: only for what is then found out again. Inside another transaction it is a
   * part of that one.
   */
  lightTransaction<T>(work: () => T): T
  /** Once everything that was committed before is durable; the disk is waited for in another thread. */
  settled(): Promise<void>
  close(): void
}

/** A statement of the same text is prepared once: to read it takes longer than most questions. Rows are asked for whole, never one by one. */
class StoreDatabase extends DatabaseSync {
  readonly #kept = new Map<string, StatementSync>()

  override prepare(text: string): StatementSync {
    const kept = this.#kept.get(text)
    if (kept) return kept
    const statement = super.prepare(text)
    this.#kept.set(text, statement)
    return statement
  }
}

/**
 * Opens `state.db` in the agent's data folder: WAL, every commit fsynced but for light ones, migrations applied in order.
 * @throws DATA_DIR_VERSION when a newer agent wrote it, STORE_CORRUPT when it can't be read.
 */
export function openStore(dataDir: string): Store {
  makeFolder(dataDir, 0o700)
  const file = join(dataDir, 'state.db')
  let db: DatabaseSync
  try {
    db = new StoreDatabase(file, { timeout: 5000 })
    db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON')
    migrate(db, file)
  } catch (error) {
    if (DmcError.is(error)) throw error
    throw new DmcError(
      'STORE_CORRUPT',
      `The agent's state ${file} cannot be read (${error instanceof Error ? error.message : String(error)}).`,
      {
        hint: 'Check the disk; then move the file away and run recovery with your phrase: orders and data are found on chain.',
        cause: error,
      },
    )
  }
  let within = false
  const transaction = <T>(work: () => T): T =>
    inTransaction(db, () => {
      within = true
      try {
        return work()
      } finally {
        within = false
      }
    })
  return {
    db,
    dataDir,
    transaction,
    lightTransaction(work) {
      if (within) return work()
      // the log is one: the next durable commit also makes durable what came before it
      db.exec('PRAGMA synchronous = NORMAL')
      try {
        return transaction(work)
      } finally {
        db.exec('PRAGMA synchronous = FULL')
      }
    },
    settled: () => syncFile(`${file}-wal`),
    close: () => db.close(),
  }
}

/** SQLite's log holds whatever the database itself does not hold durably; it locks other files than this one. */
async function syncFile(path: string): Promise<void> {
  let file: FileHandle
  try {
    file = await open(path, 'r+')
  } catch (error) {
    // the store was closed meanwhile, which made everything durable
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
    throw error
  }
  try {
    await file.datasync()
  } finally {
    await file.close()
  }
}

function migrate(db: DatabaseSync, file: string): void {
  const { user_version: version } = db.prepare('PRAGMA user_version').get() as { user_version: number }
  if (version > MIGRATIONS.length) {
    throw new DmcError(
      'DATA_DIR_VERSION',
      `${file} has version ${version}; this agent knows up to ${MIGRATIONS.length}.`,
      {
        hint: 'Upgrade the agent: npx dmc-agent@latest.',
      },
    )
  }
  for (let next = version; next < MIGRATIONS.length; next++) {
    db.exec(`BEGIN IMMEDIATE; ${MIGRATIONS[next]}; PRAGMA user_version = ${next + 1}; COMMIT`)
  }
}
