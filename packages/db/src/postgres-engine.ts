import { createHash } from 'node:crypto'
import { PrismaPg } from '@prisma/adapter-pg'
import pg from 'pg'
import type { Connection, Engine, Lease } from './engine.ts'
import { postgresListener } from './postgres-listener.ts'

/** Statements that take longer are a fault, not work. */
const STATEMENT_TIMEOUT_MS = 20_000

/**
 * A PostgreSQL server. One pool for Prisma; connections of their own for notifications and for each lease.
 * @throws what `pg` throws when it can't connect
 */
export async function openPostgresEngine(
  url: string,
  options: { connections?: number } = {},
): Promise<Engine> {
  const config = { connectionString: url, application_name: 'dmc-dashboard', connectionTimeoutMillis: 10_000 }
  const pool = new pg.Pool({
    ...config,
    max: options.connections ?? 10,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    idle_in_transaction_session_timeout: 60_000,
  })
  // An idle connection that breaks is replaced by the next query: nothing to do, but without a listener it would end the process.
  pool.on('error', () => {})
  const connect = async (): Promise<Connection & { client: pg.Client }> => {
    const client = new pg.Client(config)
    client.on('error', () => {})
    await client.connect()
    return {
      client,
      query: async (sql, values) => (await client.query(sql, values)).rows,
      script: async (sql) => void (await client.query(sql)),
      release: () => client.end(),
    }
  }
  try {
    await pool.query('SELECT 1')
  } catch (error) {
    await pool.end()
    throw error
  }
  const listener = postgresListener(config)
  const leases = new Set<Lease>()
  return {
    kind: 'postgresql',
    adapter: new PrismaPg(pool),
    connect,
    listen: (channel, told) => listener.listen(channel, told),
    async tryLease(name) {
      const connection = await connect()
      const [row] = await connection.query('SELECT pg_try_advisory_lock($1::bigint) AS got', [leaseKey(name)])
      if (row?.got !== true) {
        await connection.release()
        return null
      }
      const lost = new AbortController()
      connection.client.on('error', () => lost.abort())
      connection.client.on('end', () => lost.abort())
      const lease: Lease = {
        lost: lost.signal,
        async release() {
          leases.delete(lease)
          // The lock goes with its connection.
          await connection.release()
        },
      }
      leases.add(lease)
      return lease
    },
    async close() {
      await listener.close()
      await Promise.all([...leases].map((lease) => lease.release()))
      await pool.end()
    },
  }
}

/** A 64-bit key for a name, signed as PostgreSQL wants it. */
const leaseKey = (name: string) =>
  String(createHash('sha256').update(`dmc:${name}`).digest().readBigInt64BE())
