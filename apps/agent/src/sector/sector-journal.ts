import { DatabaseSync } from 'node:sqlite'
import { DmcError } from '@dmc/core/errors/dmc-error'
import { storageError } from './storage-error.ts'

/**
 * One order as the sector itself remembers it. Commitments and lists are JSON text (sizes as decimal strings), so that
 * a row crosses threads and is readable with any SQLite.
 */
export interface OrderRow {
  orderId: string
  capacity: number
  session: string | null
  /** JSON list of sessions that were fenced since the last commitment. */
  fenced: string
  /** JSON list of durable ranges of leaves. */
  ranges: string
  commitment: string | null
  previous: string | null
  sealed: string | null
  /** 1 while its files are being deleted: a kill in between is finished at the next start. */
  deleting: number
}

const VERSION = 1
const SCHEMA = `
CREATE TABLE order_data (
  order_id TEXT PRIMARY KEY,
  capacity INTEGER NOT NULL,
  session TEXT,
  fenced TEXT NOT NULL,
  ranges TEXT NOT NULL,
  commitment TEXT,
  previous TEXT,
  sealed TEXT,
  deleting INTEGER NOT NULL DEFAULT 0
) STRICT`

export type JournalOps = ReturnType<typeof createJournalOps>

/**
 * `sector.db` inside each sector folder: what of each order is durable (flow 9). In a worker thread, because a commit
 * waits for the disk (WAL, synchronous=FULL: one fsync a commit). The folder is enough to know everything again.
 */
export function createJournalOps() {
  const open = new Map<string, DatabaseSync>()

  const use = <T>(path: string, doing: string, work: (db: DatabaseSync) => T): T => {
    const db = open.get(path)
    if (!db) throw new Error(`${path} is not open`)
    try {
      return work(db)
    } catch (error) {
      throw storageError(error, path, doing)
    }
  }

  return {
    /** All orders of the sector. @throws SECTOR_DAMAGED, DATA_DIR_VERSION, DISK_FULL */
    open({ path }: { path: string }): OrderRow[] {
      let db: DatabaseSync
      try {
        db = new DatabaseSync(path, { timeout: 5000 })
        // exclusive: one agent per sector (its lock file says so), and no shared-memory file on odd file systems
        db.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
        migrate(db, path)
        open.set(path, db)
        const rows = db.prepare(
          `SELECT order_id AS orderId, capacity, session, fenced, ranges, commitment, previous, sealed, deleting
           FROM order_data ORDER BY rowid`,
        )
        return rows.all().map((row) => ({ ...row }) as unknown as OrderRow)
      } catch (error) {
        throw storageError(error, path, 'opening it')
      }
    },

    save({ path, row }: { path: string; row: OrderRow }): void {
      use(path, 'writing the journal', (db) =>
        db
          .prepare(
            `INSERT INTO order_data (order_id, capacity, session, fenced, ranges, commitment, previous, sealed, deleting)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
             ON CONFLICT (order_id) DO UPDATE SET session = excluded.session, fenced = excluded.fenced,
               ranges = excluded.ranges, commitment = excluded.commitment, previous = excluded.previous,
               sealed = excluded.sealed, deleting = excluded.deleting`,
          )
          .run(
            row.orderId,
            row.capacity,
            row.session,
            row.fenced,
            row.ranges,
            row.commitment,
            row.previous,
            row.sealed,
            row.deleting,
          ),
      )
    },

    remove({ path, orderId }: { path: string; orderId: string }): void {
      use(path, 'writing the journal', (db) =>
        db.prepare('DELETE FROM order_data WHERE order_id = ?').run(orderId),
      )
    },

    close({ path }: { path: string }): void {
      open.get(path)?.close()
      open.delete(path)
    },
  }
}

function migrate(db: DatabaseSync, path: string): void {
  const { user_version: version } = db.prepare('PRAGMA user_version').get() as { user_version: number }
  if (version > VERSION) {
    throw new DmcError(
      'DATA_DIR_VERSION',
      `${path} has version ${version}; this agent knows up to ${VERSION}.`,
      {
        hint: 'Upgrade the agent: npx dmc-agent@latest.',
      },
    )
  }
  if (version === 0) db.exec(`BEGIN IMMEDIATE; ${SCHEMA}; PRAGMA user_version = ${VERSION}; COMMIT`)
}
