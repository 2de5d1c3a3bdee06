import { join } from 'node:path'
import { PGlite } from '@electric-sql/pglite'
import { PrismaPGlite } from 'pglite-prisma-adapter'
import type { Engine, Lease } from './engine.ts'
import { lockFolder } from './lock-folder.ts'

/**
 * PostgreSQL in this process, in a folder or (without one) in memory. It has one connection: statements wait for each other, and a
 * transaction keeps all others out.
 * @throws DATABASE_LOCKED, TARGET_UNWRITABLE
 */
export async function openPgliteEngine(folder: string | undefined): Promise<Engine> {
  const lock = folder === undefined ? null : lockFolder(folder)
  let pglite: PGlite
  try {
    pglite = await PGlite.create(folder === undefined ? {} : { dataDir: join(folder, 'pglite') })
  } catch (error) {
    lock?.release()
    throw error
  }
  const leases = new Set<string>()
  return {
    kind: 'pglite',
    adapter: new PrismaPGlite(pglite),
    connect: async () => ({
      query: async (sql, values) => (await pglite.query<Record<string, unknown>>(sql, values)).rows,
      script: async (sql) => void (await pglite.exec(sql)),
      release: async () => {},
    }),
    async listen(channel, listener) {
      const stop = await pglite.listen(channel, listener)
      return () => stop()
    },
    async tryLease(name): Promise<Lease | null> {
      if (leases.has(name)) return null
      leases.add(name)
      return { lost: new AbortController().signal, release: async () => void leases.delete(name) }
    },
    async close() {
      try {
        await pglite.close()
      } finally {
        lock?.release()
      }
    },
  }
}
