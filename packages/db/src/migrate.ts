import { createHash, randomUUID } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DmcError } from '@dmc/core/errors/dmc-error'
import type { Connection } from './engine.ts'

export interface Migration {
  name: string
  sql: string
  checksum: string
}

/** Prisma's own bookkeeping (its schema engine creates the same table), so that its command line agrees with us. */
const BOOKS = `CREATE TABLE IF NOT EXISTS "_prisma_migrations" (
  "id" VARCHAR(36) PRIMARY KEY NOT NULL,
  "checksum" VARCHAR(64) NOT NULL,
  "finished_at" TIMESTAMPTZ,
  "migration_name" VARCHAR(255) NOT NULL,
  "logs" TEXT,
  "rolled_back_at" TIMESTAMPTZ,
  "started_at" TIMESTAMPTZ NOT NULL DEFAULT now(),
  "applied_steps_count" INTEGER NOT NULL DEFAULT 0
)`

/** The advisory lock that Prisma's command line takes for the same purpose. */
const LOCK = 72_707_369

/**
 * Brings the database to the newest migration: each in a transaction together with its entry in the books, so that a kill leaves it
 * wholly applied or not at all. Several processes at once wait for each other.
 * @returns the names applied now
 * @throws DATABASE_VERSION when the database is newer than this program, or its migrations are not the ones of this program
 */
export async function migrate(connection: Connection, migrations: readonly Migration[]): Promise<string[]> {
  await connection.query('SELECT pg_advisory_lock($1)', [LOCK])
  try {
    await connection.script(BOOKS)
    const rows = (await connection.query(
      'SELECT migration_name, checksum, finished_at FROM "_prisma_migrations" WHERE rolled_back_at IS NULL',
    )) as { migration_name: string; checksum: string; finished_at: Date | null }[]
    const applied = new Map(rows.map((row) => [row.migration_name, row]))
    checkBooks(applied, migrations)
    const fresh = migrations.filter(({ name }) => !applied.has(name))
    for (const migration of fresh) await apply(connection, migration)
    return fresh.map(({ name }) => name)
  } finally {
    await connection.query('SELECT pg_advisory_unlock($1)', [LOCK])
  }
}

async function apply(connection: Connection, { name, sql, checksum }: Migration): Promise<void> {
  await connection.script('BEGIN')
  try {
    await connection.script(sql)
    await connection.query(
      'INSERT INTO "_prisma_migrations" (id, checksum, migration_name, finished_at, applied_steps_count) VALUES ($1, $2, $3, now(), 1)',
      [randomUUID(), checksum, name],
    )
    await connection.script('COMMIT')
  } catch (error) {
    await connection.script('ROLLBACK')
    throw error
  }
}

function checkBooks(
  applied: Map<string, { checksum: string; finished_at: Date | null }>,
  migrations: readonly Migration[],
): void {
  const ours = new Map(migrations.map((migration) => [migration.name, migration]))
  for (const [name, { checksum, finished_at }] of applied) {
    const known = ours.get(name)
    if (known === undefined) {
      throw wrongVersion(
        `The database has the migration ${name}, which this dashboard does not know.`,
        'A newer dashboard has used it: upgrade this one, or give it another database.',
      )
    }
    if (finished_at === null) {
      throw wrongVersion(
        `The migration ${name} was begun on this database and not finished.`,
        'Another tool broke off: settle it with `prisma migrate resolve`, or give the dashboard another database.',
      )
    }
    if (known.checksum !== checksum) {
      throw wrongVersion(
        `The migration ${name} of the database is another than this dashboard’s.`,
        'It comes from another build: give the dashboard another database; everything of the chain is read again.',
      )
    }
  }
}

const wrongVersion = (message: string, hint: string) => new DmcError('DATABASE_VERSION', message, { hint })

/** The migrations of a folder, in order of their names. */
export function readMigrations(folder: string): Migration[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort()
    .map((name) => {
      const sql = readFileSync(join(folder, name, 'migration.sql'), 'utf8')
      return { name, sql, checksum: createHash('sha256').update(sql).digest('hex') }
    })
}
