import { DatabaseSync, type StatementSync } from 'node:sqlite'
import type { ListedAs } from '@dmc/core/log/node-entry'

/**
 * What one scan found, on disk, so that memory stays bounded for any number of files. Folders get ids in the order in
 * which they are walked (by depth, then parent, then name); entries are keyed by folder and name bytes, which is also
 * the order in which content and nodes are encoded. Not journalled: a torn manifest is scanned again.
 */
const SCHEMA = `
CREATE TABLE dir (
  id INTEGER PRIMARY KEY,
  parent INTEGER NOT NULL,
  name BLOB NOT NULL,
  depth INTEGER NOT NULL,
  -- id of the same folder in the last snapshot's manifest, 0 for none
  prev INTEGER NOT NULL,
  ref BLOB,
  hash BLOB
) STRICT;
CREATE INDEX dir_depth ON dir (depth, id);
CREATE TABLE entry (
  dir INTEGER NOT NULL,
  name BLOB NOT NULL,
  kind INTEGER NOT NULL,
  mode INTEGER NOT NULL,
  mtime INTEGER NOT NULL,
  ctime INTEGER NOT NULL,
  dev INTEGER NOT NULL,
  ino INTEGER NOT NULL,
  nlink INTEGER NOT NULL,
  size INTEGER NOT NULL,
  -- bytes allocated on disk: less than the size means sparse
  disk INTEGER NOT NULL,
  uid INTEGER NOT NULL,
  gid INTEGER NOT NULL,
  -- id in dir for a folder
  child INTEGER NOT NULL DEFAULT 0,
  -- a file whose content is still to be encoded
  todo INTEGER NOT NULL DEFAULT 0,
  target BLOB,
  ref BLOB,
  holes TEXT,
  -- HMAC of a small file's bytes: the same bytes again need no new place
  hash BLOB,
  listed TEXT,
  reason TEXT,
  PRIMARY KEY (dir, name)
) STRICT, WITHOUT ROWID;
CREATE TABLE link (dev INTEGER, ino INTEGER, dir INTEGER, name BLOB, PRIMARY KEY (dev, ino)) STRICT, WITHOUT ROWID`

/** A row of `entry`; every integer is a bigint as SQLite gives it. */
export interface EntryRow {
  dir: bigint
  name: Uint8Array
  kind: bigint
  mode: bigint
  mtime: bigint
  ctime: bigint
  dev: bigint
  ino: bigint
  nlink: bigint
  size: bigint
  disk: bigint
  uid: bigint
  gid: bigint
  child: bigint
  todo: bigint
  target: Uint8Array | null
  ref: Uint8Array | null
  holes: string | null
  hash: Uint8Array | null
  listed: ListedAs | null
  reason: string | null
}

export interface DirRow {
  id: number
  parent: number
  name: Uint8Array
  depth: number
  prev: number
  ref: Uint8Array | null
  hash: Uint8Array | null
}

// only what is used: each column of each row is an object or two
const OF_TODO = ['dir', 'name', 'mtime', 'ctime', 'dev', 'ino', 'nlink', 'size', 'ref'] as const
const OF_NODE = [
  ...(['name', 'kind', 'mode', 'mtime', 'size', 'uid', 'gid', 'child'] as const),
  ...(['target', 'ref', 'holes', 'listed', 'reason'] as const),
]
/** What is asked of a file whose content is still to be encoded. */
export type TodoRow = Pick<EntryRow, (typeof OF_TODO)[number]>
/** What a node says of an entry. */
export type NodeRow = Pick<EntryRow, (typeof OF_NODE)[number]>

const VERSION = 1
const PAGE = 500

export class Manifest {
  readonly db: DatabaseSync
  readonly #prepared = new Map<string, StatementSync>()

  constructor(db: DatabaseSync) {
    this.db = db
  }

  static create(file: string): Manifest {
    const db = new DatabaseSync(file)
    db.exec(
      `PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -8000; PRAGMA user_version = ${VERSION}; ${SCHEMA}`,
    )
    return new Manifest(db)
  }

  /** null when it is not there, can't be read or is of another version: then every file is read again. */
  static openExisting(file: string): Manifest | null {
    try {
      const db = new DatabaseSync(file, { readOnly: true })
      db.exec('PRAGMA cache_size = -8000')
      const { user_version: version } = db.prepare('PRAGMA user_version').get() as { user_version: number }
      if (version === VERSION) return new Manifest(db)
      db.close()
      return null
    } catch {
      return null
    }
  }

  /** Bytes of all files in it. */
  fileBytes(): number {
    const { bytes } = this.sql('SELECT COALESCE(sum(size), 0) AS bytes FROM entry').get() as {
      bytes: number | bigint
    }
    return Number(bytes)
  }

  close(): void {
    this.#prepared.clear()
    this.db.close()
  }

  /** A prepared statement, kept; integers come as bigint where `big`. */
  sql(text: string, big = false): StatementSync {
    let statement = this.#prepared.get(text)
    if (!statement) {
      statement = this.db.prepare(text)
      if (big) statement.setReadBigInts(true)
      this.#prepared.set(text, statement)
    }
    return statement
  }

  entry(dir: number | bigint, name: Uint8Array): EntryRow | undefined {
    return this.sql('SELECT * FROM entry WHERE dir = ? AND name = ?', true).get(dir, name) as
      | EntryRow
      | undefined
  }

  dir(id: number): DirRow | undefined {
    return this.sql('SELECT * FROM dir WHERE id = ?').get(id) as DirRow | undefined
  }

  /** Entries of one folder by name; rows may be updated while this goes on. */
  *entriesOf(dir: number): Generator<NodeRow> {
    const statement = this.sql(
      `SELECT ${OF_NODE.join(', ')} FROM entry WHERE dir = ? AND name > ? ORDER BY name LIMIT ?`,
      true,
    )
    let after: Uint8Array = new Uint8Array(0) // no name is empty
    for (;;) {
      const rows = statement.all(dir, after, PAGE) as unknown as NodeRow[]
      yield* rows
      const last = rows.at(-1)
      if (!last || rows.length < PAGE) return
      after = last.name
    }
  }

  /** Files that are still to be encoded, in walk order; rows may be updated while this goes on. */
  *todo(): Generator<TodoRow> {
    const statement = this.sql(
      `SELECT ${OF_TODO.join(', ')} FROM entry WHERE (dir, name) > (?, ?) AND todo = 1 ORDER BY dir, name LIMIT ?`,
      true,
    )
    let dir = 0n
    let name: Uint8Array = new Uint8Array(0)
    for (;;) {
      const rows = statement.all(dir, name, PAGE) as unknown as TodoRow[]
      yield* rows
      const last = rows.at(-1)
      if (!last || rows.length < PAGE) return
      dir = last.dir
      name = last.name
    }
  }

  /** A small file with this content: where its bytes are. Asked of a complete manifest (`indexHashes`). */
  contentOf(hash: Uint8Array): Pick<EntryRow, 'ref' | 'holes'> | undefined {
    return this.sql('SELECT ref, holes FROM entry WHERE hash = ? LIMIT 1').get(hash) as
      | Pick<EntryRow, 'ref' | 'holes'>
      | undefined
  }

  /** Once all content is known, for the next snapshot. */
  indexHashes(): void {
    this.db.exec('CREATE INDEX entry_hash ON entry (hash) WHERE hash IS NOT NULL')
  }

  /** Path of a folder from the source's root, parts joined with `/`; empty for the root. */
  pathOf(dir: number): Buffer {
    const parts: Uint8Array[] = []
    for (let id = dir; id > 1; ) {
      const row = this.dir(id)
      if (!row) throw new Error(`the manifest has no folder ${id}`)
      parts.push(row.name)
      id = row.parent
    }
    return Buffer.concat(parts.reverse().flatMap((part, i) => (i === 0 ? [part] : [Buffer.from('/'), part])))
  }
}
