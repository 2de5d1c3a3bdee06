import { rmSync } from 'node:fs'
import { type Database, openDatabase } from '@dmc/db/open-database'
import { emptyDatabaseFolder } from '@dmc/testkit/empty-database'
import { type Postgres, startPostgres } from '@dmc/testkit/start-postgres'
import { afterAll, beforeAll } from 'vitest'

export const ENGINES = ['pglite', 'postgresql'] as const
export type EngineName = (typeof ENGINES)[number]

export interface Databases {
  /** A new empty database, closed after the last test of the block. */
  open(): Promise<Database>
  /** Another connection to the newest one, as of another web instance; PostgreSQL only. */
  again(): Promise<Database>
  url(): string
}

/** Databases of one engine for the tests of a block; call it inside of `describe`. */
export function useDatabases(engine: EngineName): Databases {
  let postgres: Postgres | null = null
  let url = ''
  const opened: Database[] = []
  const folders: string[] = []
  beforeAll(async () => {
    if (engine === 'postgresql') postgres = await startPostgres()
  })
  afterAll(async () => {
    for (const db of opened) await db.close()
    await postgres?.stop()
    for (const folder of folders) rmSync(folder, { recursive: true, force: true })
  })
  const keep = async (opening: Promise<Database>) => {
    const db = await opening
    opened.push(db)
    return db
  }
  return {
    async open() {
      if (postgres === null) {
        const folder = await emptyDatabaseFolder()
        folders.push(folder)
        return keep(openDatabase({ folder }))
      }
      url = await postgres.createDatabase()
      return keep(openDatabase({ url }))
    },
    again: () => keep(openDatabase({ url })),
    url: () => url,
  }
}
