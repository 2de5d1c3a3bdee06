import { fileURLToPath } from 'node:url'
import { DmcError } from '@dmc/core/errors/dmc-error'
import { unreachable } from './database-error.ts'
import type { Engine, Lease, Listener } from './engine.ts'
import { type Prisma, PrismaClient } from './generated/client.ts'
import { migrate, readMigrations } from './migrate.ts'
import { openPgliteEngine } from './pglite-engine.ts'
import { openPostgresEngine } from './postgres-engine.ts'

/** Prisma's client inside or outside of a transaction: what query functions take. */
export type Queries = Prisma.TransactionClient

export interface Database {
  readonly engine: Engine['kind']
  /** For the functions of this package; other packages call those. */
  readonly prisma: PrismaClient
  /**
   * All of `work` or nothing. On PGlite everybody else waits meanwhile, so `work` must use `tx` only and wait for nothing but the
   * database.
   */
  transaction<T>(work: (tx: Queries) => Promise<T>): Promise<T>
  /** Tells every listener of every process on this database. Messages are short: an id, never the thing. */
  notify(channel: string, payload: string): Promise<void>
  /** `listener` gets null when messages may have been missed. */
  listen(channel: string, listener: Listener): Promise<() => Promise<void>>
  /** A lock that one process among all on this database holds; null when another has it. */
  tryLease(name: string): Promise<Lease | null>
  close(): Promise<void>
}

export interface OpenDatabaseOptions {
  /** postgresql://…; absent: PGlite. */
  url?: string | undefined
  /** PGlite's folder; absent: in memory, for tests. */
  folder?: string | undefined
  /** Connections of the pool, PostgreSQL only; default 10. */
  connections?: number
  /** Where the migrations are; default: the repository's. */
  migrations?: string
}

const MIGRATIONS = new URL('../../../prisma/migrations/', import.meta.url)

/**
 * The dashboard's database, brought to the newest migration: PGlite in a folder without any set-up, or a PostgreSQL server.
 * @throws DATABASE_LOCKED, DATABASE_UNREACHABLE, DATABASE_VERSION, TARGET_UNWRITABLE
 */
export async function openDatabase(options: OpenDatabaseOptions): Promise<Database> {
  const engine = await openEngine(options)
  const prisma = new PrismaClient({
    adapter: engine.adapter,
    // A migration or the indexer's batch may hold PGlite's only connection for a while.
    transactionOptions: { maxWait: 20_000, timeout: 60_000 },
  })
  try {
    const connection = await engine.connect()
    try {
      await migrate(connection, readMigrations(options.migrations ?? fileURLToPath(MIGRATIONS)))
    } finally {
      await connection.release()
    }
  } catch (error) {
    await engine.close()
    throw error
  }
  let closing: Promise<void> | null = null
  return {
    engine: engine.kind,
    prisma,
    transaction: (work) => prisma.$transaction(work),
    notify: (channel, payload) => notify(prisma, channel, payload),
    listen: (channel, listener) => engine.listen(checkChannel(channel), listener),
    tryLease: (name) => engine.tryLease(name),
    close() {
      closing ??= prisma.$disconnect().then(() => engine.close())
      return closing
    },
  }
}

/** Inside a transaction it is told when that commits, and not at all when it doesn't. */
export async function notify(queries: Queries, channel: string, payload: string): Promise<void> {
  await queries.$executeRaw`SELECT pg_notify(${checkChannel(channel)}, ${payload})`
}

/** Channel names are written into SQL where no value can stand. */
function checkChannel(channel: string): string {
  if (/^[a-z][a-z_]{0,62}$/.test(channel)) return channel
  throw new DmcError('BUG', `"${channel}" is no name of a channel.`, { hint: 'Please report this.' })
}

async function openEngine({ url, folder, connections }: OpenDatabaseOptions): Promise<Engine> {
  try {
    if (url === undefined) return await openPgliteEngine(folder)
    return await openPostgresEngine(url, connections === undefined ? {} : { connections })
  } catch (error) {
    if (DmcError.is(error)) throw error
    throw unreachable({ url, folder }, error)
  }
}
