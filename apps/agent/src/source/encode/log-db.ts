import { DatabaseSync } from 'node:sqlite'
import { DmcError } from '@dmc/core/errors/dmc-error'

/**
 * `sources/<id>/log.db`: the local cache of one source's log. It can be rebuilt from the log (`rebuild-cache.ts`), so
 * it holds nothing that exists only here but the session in work and the unused probes.
 *
 * A row of `blob` counts as stored ("in force") when it ends at or below its volume's committed size; rows past that
 * are of the session in work (`gen` = its generation). Generations of rows are contiguous per index segment.
 */
const SCHEMA = `
CREATE TABLE volume (
  n INTEGER PRIMARY KEY,
  id BLOB NOT NULL UNIQUE,
  number INTEGER NOT NULL,
  key_epoch INTEGER NOT NULL,
  max_size INTEGER NOT NULL,
  chain_id INTEGER NOT NULL,
  market BLOB NOT NULL,
  orders TEXT NOT NULL,
  committed_size INTEGER NOT NULL DEFAULT 0,
  committed_root TEXT
) STRICT;
CREATE TABLE blob (
  id BLOB NOT NULL,
  volume INTEGER NOT NULL REFERENCES volume (n),
  offset INTEGER NOT NULL,
  stored INTEGER NOT NULL,
  plain INTEGER NOT NULL,
  gen INTEGER NOT NULL,
  PRIMARY KEY (id, volume)
) STRICT, WITHOUT ROWID;
CREATE INDEX blob_gen ON blob (gen);
CREATE TABLE segment (
  gen_to INTEGER PRIMARY KEY,
  gen_from INTEGER NOT NULL,
  rows INTEGER NOT NULL
) STRICT;
-- the catalog in force
CREATE TABLE head (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  generation INTEGER NOT NULL,
  volume INTEGER NOT NULL REFERENCES volume (n),
  footer_offset INTEGER NOT NULL,
  catalog BLOB NOT NULL,
  root_entry BLOB NOT NULL,
  result TEXT NOT NULL,
  manifest TEXT
) STRICT;
-- the append session in work
CREATE TABLE session (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  id TEXT NOT NULL,
  volume INTEGER NOT NULL REFERENCES volume (n),
  gen INTEGER NOT NULL,
  base_root TEXT,
  base_size INTEGER NOT NULL,
  -- what survives a kill: written in this boot of the machine; SHA-256 of the started chunk as far as that
  spooled INTEGER NOT NULL,
  boot TEXT NOT NULL DEFAULT '',
  tail BLOB,
  -- what survives a power cut: the base's end, or whole chunks that were synced or are held by the miner
  safe INTEGER NOT NULL DEFAULT 0,
  started INTEGER NOT NULL,
  -- set when encoding has finished
  root TEXT,
  result TEXT,
  catalog BLOB,
  root_entry BLOB,
  segment_from INTEGER,
  segment_rows INTEGER
) STRICT;
CREATE TABLE probe (
  n INTEGER PRIMARY KEY,
  volume INTEGER NOT NULL REFERENCES volume (n),
  offset INTEGER NOT NULL,
  length INTEGER NOT NULL,
  key BLOB NOT NULL,
  mac BLOB NOT NULL,
  gen INTEGER NOT NULL,
  used INTEGER NOT NULL DEFAULT 0
) STRICT`

const VERSION = 2

/** By version: what makes a cache of it one of the next version. */
const UPGRADES: Record<number, string> = {
  // its spool had larger segments: a session in work begins again from its base
  1: `ALTER TABLE session ADD COLUMN boot TEXT NOT NULL DEFAULT '';
      ALTER TABLE session ADD COLUMN tail BLOB;
      ALTER TABLE session ADD COLUMN safe INTEGER NOT NULL DEFAULT 0;
      DELETE FROM blob WHERE gen IN (SELECT gen FROM session);
      DELETE FROM probe WHERE gen IN (SELECT gen FROM session);
      DELETE FROM session;`,
}

/**
 * Opens or makes the cache; each commit is durable.
 * @throws DATA_DIR_VERSION when a newer agent wrote it, STORE_CORRUPT when it can't be read.
 */
export function openLogDb(file: string): DatabaseSync {
  let db: DatabaseSync
  try {
    db = new DatabaseSync(file, { timeout: 5000 })
    db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -8000')
    const { user_version: version } = db.prepare('PRAGMA user_version').get() as { user_version: number }
    if (version === 0) db.exec(`BEGIN IMMEDIATE; ${SCHEMA}; PRAGMA user_version = ${VERSION}; COMMIT`)
    if (version > VERSION) {
      db.close()
      throw new DmcError('DATA_DIR_VERSION', `${file} has version ${version}; this agent knows ${VERSION}.`, {
        hint: 'Upgrade the agent: npx dmc-agent@latest.',
      })
    }
    if (version > 0) upgrade(db, version)
    return db
  } catch (error) {
    if (DmcError.is(error)) throw error
    throw new DmcError(
      'STORE_CORRUPT',
      `The cache ${file} cannot be read (${error instanceof Error ? error.message : String(error)}).`,
      {
        hint: 'Move the file away; it is rebuilt from the log with the next backup.',
        cause: error,
      },
    )
  }
}

function upgrade(db: DatabaseSync, from: number): void {
  if (from === VERSION) return
  const steps = Array.from({ length: VERSION - from }, (_, i) => UPGRADES[from + i] ?? '').join('\n')
  db.exec(`BEGIN IMMEDIATE; ${steps} PRAGMA user_version = ${VERSION}; COMMIT`)
}

export interface VolumeRow {
  n: number
  id: Uint8Array
  number: number
  key_epoch: number
  max_size: number
  chain_id: number
  market: Uint8Array
  orders: string
  committed_size: number
  committed_root: string | null
}

export interface SessionRow {
  id: string
  volume: number
  gen: number
  base_root: string | null
  base_size: number
  spooled: number
  boot: string
  tail: Uint8Array | null
  safe: number
  started: number
  root: string | null
  result: string | null
  catalog: Uint8Array | null
  root_entry: Uint8Array | null
  segment_from: number | null
  segment_rows: number | null
}

export interface HeadRow {
  generation: number
  volume: number
  footer_offset: number
  catalog: Uint8Array
  root_entry: Uint8Array
  result: string
  manifest: string | null
}

export const readSession = (db: DatabaseSync): SessionRow | null =>
  (db.prepare('SELECT * FROM session').get() as unknown as SessionRow | undefined) ?? null

export const readHead = (db: DatabaseSync): HeadRow | null =>
  (db.prepare('SELECT * FROM head').get() as unknown as HeadRow | undefined) ?? null

export const readVolumes = (db: DatabaseSync): VolumeRow[] =>
  db.prepare('SELECT * FROM volume ORDER BY n').all() as unknown as VolumeRow[]
