import type { DatabaseSync } from 'node:sqlite'

/** Runs `work` in one transaction of `db`; rolls back when it throws. */
export function inTransaction<T>(db: DatabaseSync, work: () => T): T {
  db.exec('BEGIN IMMEDIATE')
  try {
    const result = work()
    db.exec('COMMIT')
    return result
  } catch (error) {
    try {
      db.exec('ROLLBACK')
    } catch {
      // a full disk has rolled it back already; the first error is the one that says so
    }
    throw error
  }
}
