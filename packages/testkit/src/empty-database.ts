import { createHash } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readMigrations } from '@dmc/db/migrate'
import { openDatabase } from '@dmc/db/open-database'

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '../../..')
const CACHE = join(ROOT, 'node_modules/.cache/dmc-database')
const MIGRATIONS = join(ROOT, 'prisma/migrations')
const PGLITE = join(ROOT, 'node_modules/@electric-sql/pglite/package.json')

let template: Promise<string> | null = null

/**
 * Makes `folder` the dashboard's folder as its first start leaves it, without a row: PGlite takes ten seconds of a processor to make
 * one, and a copy a tenth of one. What makes it is the dashboard's own code, once for its migrations and this PGlite.
 */
export async function copyEmptyDatabase(folder: string): Promise<void> {
  template ??= makeTemplate()
  // the lock beside it belongs to whoever opens it
  cpSync(join(await template, 'pglite'), join(folder, 'pglite'), { recursive: true })
}

/** The same in a temporary folder; the caller removes it. */
export async function emptyDatabaseFolder(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'dmc-database-'))
  await copyEmptyDatabase(folder)
  return folder
}

async function makeTemplate(): Promise<string> {
  const hash = createHash('sha256').update(
    (JSON.parse(readFileSync(PGLITE, 'utf8')) as { version: string }).version,
  )
  for (const { name, checksum } of readMigrations(MIGRATIONS)) hash.update(`${name} ${checksum}\n`)
  const made = join(CACHE, hash.digest('hex').slice(0, 16))
  if (existsSync(made)) return made
  // several test files may make it at once: each its own, the first one in place stays
  const own = `${made}.${process.pid}`
  // a killed process of that id may have left half of one
  rmSync(own, { recursive: true, force: true })
  mkdirSync(own, { recursive: true })
  await (await openDatabase({ folder: own })).close()
  try {
    renameSync(own, made)
  } catch (error) {
    rmSync(own, { recursive: true, force: true })
    if (!existsSync(made)) throw error
  }
  return made
}
