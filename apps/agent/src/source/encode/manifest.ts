import type { BigIntStats } from 'node:fs'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { ENTRY_KIND, keptTime, type ListedAs } from '@dmc/core/log/node-entry'
import type { KnownEntries } from './folder-marks.ts'

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
  hash BLOB,
  -- 1: whatever a node says of its entries is as in the last snapshot's; of folders in it: unless their own entries differ
  same INTEGER NOT NULL DEFAULT 0
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
CREATE TABLE link (dev INTEGER, ino INTEGER, dir INTEGER, name BLOB, PRIMARY KEY (dev, ino)) STRICT, WITHOUT ROWID;
-- The device that the root is on; of the others it is in their entry.
CREATE TABLE root (dev INTEGER NOT NULL) STRICT;
-- What the system said of a folder's entries when it was scanned (folder-marks.ts), as long as that is what their rows say.
CREATE TABLE mark (dir INTEGER PRIMARY KEY, marks BLOB NOT NULL) STRICT;
CREATE TRIGGER mark_changed AFTER UPDATE OF name, kind, mode, mtime, ctime, dev, ino, nlink, size, disk, uid, gid ON entry
BEGIN DELETE FROM mark WHERE dir = OLD.dir; END;
CREATE TRIGGER mark_less AFTER DELETE ON entry BEGIN DELETE FROM mark WHERE dir = OLD.dir; END`

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

/** A folder as it is encoded. */
export interface WalkedDir {
  id: number
  parent: number
  prev: number
  same: number
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

/** A file whose content is that of the last snapshot; `same`: its node entry is, too. */
export type SameFile = Pick<EntryRow, 'ref' | 'holes' | 'hash'> & { same: number }
type FileStat = Pick<BigIntStats, 'size' | 'mtimeNs' | 'ctimeNs' | 'ino' | 'mode' | 'uid' | 'gid'>
/** What a node says of a folder, but for what is in it. */
export type FolderRow = Pick<EntryRow, 'name' | 'mode' | 'mtime' | 'uid' | 'gid'>

const SAME_FILE = `SELECT ref, holes, hash, mode = ? AND uid = ? AND gid = ? AS same FROM entry
  WHERE dir = ? AND name = ? AND kind = ${ENTRY_KIND.file} AND size = ? AND mtime = ? AND ctime = ? AND ino = ?`
const SAME_LINK = `SELECT 1 FROM entry
  WHERE dir = ? AND name = ? AND kind = ${ENTRY_KIND.symlink} AND mode = ? AND mtime = ? AND uid = ? AND gid = ? AND target = ?`
const FOLDER = `SELECT child, mode = ? AND mtime = ? AND uid = ? AND gid = ? AS same FROM entry
  WHERE dir = ? AND name = ? AND kind = ${ENTRY_KIND.directory}`

const OF_ENTRY =
  'name, kind, mode, mtime, ctime, dev, ino, nlink, size, disk, uid, gid, target, ref, holes, hash'
/** Whole rows of the last snapshot's: files whose content is known and which have no other name, folders, symlinks. */
const TAKE_OVER = `INSERT INTO entry (dir, ${OF_ENTRY}) SELECT ?, ${OF_ENTRY} FROM prev.entry WHERE dir = ? AND todo = 0
  AND (kind IN (${ENTRY_KIND.directory}, ${ENTRY_KIND.symlink}) OR (kind = ${ENTRY_KIND.file} AND nlink = 1))`

/** As entries keep it. */
export const modeBits = (mode: bigint): bigint => mode & 0o7777n
/** Inode and device numbers are unsigned 64 bits, SQLite's integers are signed. */
export const signed = (value: bigint): bigint => BigInt.asIntN(64, value)

const VERSION = 1
const PAGE = 500

export class Manifest {
  readonly db: DatabaseSync
  readonly #file: string
  readonly #prepared = new Map<string, StatementSync>()
  /** One of an earlier version has none of them. */
  #hasMarks = true
  #hasRoot = true

  private constructor(db: DatabaseSync, file: string) {
    this.db = db
    this.#file = file
  }

  static create(file: string): Manifest {
    const db = new DatabaseSync(file)
    db.exec(
      `PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -8000; PRAGMA user_version = ${VERSION}; ${SCHEMA}`,
    )
    return new Manifest(db, file)
  }

  /** null when it is not there, can't be read or is of another version: then every file is read again. */
  static openExisting(file: string): Manifest | null {
    try {
      const db = new DatabaseSync(file, { readOnly: true })
      // one transaction for all that is asked: without it each question locks the file and looks whether it has changed
      db.exec('PRAGMA cache_size = -2000; BEGIN')
      const { user_version: version } = db.prepare('PRAGMA user_version').get() as { user_version: number }
      if (version === VERSION) {
        const manifest = new Manifest(db, file)
        const has = (table: string) =>
          db.prepare('SELECT 1 FROM sqlite_schema WHERE name = ?').get(table) !== undefined
        manifest.#hasMarks = has('mark')
        manifest.#hasRoot = has('root')
        return manifest
      }
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

  /** The file of this name, when size, times and inode say that its content is the same. */
  sameFile(dir: number, name: Uint8Array, now: FileStat): SameFile | undefined {
    const row = this.sql(SAME_FILE).get(
      modeBits(now.mode),
      now.uid,
      now.gid,
      dir,
      name,
      now.size,
      keptTime(now.mtimeNs),
      keptTime(now.ctimeNs),
      signed(now.ino),
    )
    return row as SameFile | undefined
  }

  /** Is there this very symlink? */
  hasLink(dir: number, name: Uint8Array, now: FileStat, target: Uint8Array): boolean {
    const { mode, mtimeNs, uid, gid } = now
    return (
      this.sql(SAME_LINK).get(dir, name, modeBits(mode), keptTime(mtimeNs), uid, gid, target) !== undefined
    )
  }

  /** The folder of this name: its id, and whether its node entry is the same but for what is in it. */
  folder(
    dir: number,
    { name, mode, mtime, uid, gid }: FolderRow,
  ): { child: number; same: number } | undefined {
    return this.sql(FOLDER).get(mode, mtime, uid, gid, dir, name) as
      | { child: number; same: number }
      | undefined
  }

  /** Rows of the last snapshot's can be taken over from now on. Not within a transaction. */
  attach(prev: Manifest): void {
    this.db.prepare('ATTACH ? AS prev').run(prev.#file)
    this.db.exec('PRAGMA prev.cache_size = -2000')
  }

  /** What the system said of a folder's entries (`FolderMarks`), when that is what their rows say. */
  marksOf(dir: number): Uint8Array | null {
    if (!this.#hasMarks) return null
    const row = this.sql('SELECT marks FROM mark WHERE dir = ?').get(dir)
    return (row?.marks as Uint8Array | undefined) ?? null
  }

  setMarks(dir: number, marks: Uint8Array): void {
    this.sql('INSERT INTO mark (dir, marks) VALUES (?, ?)').run(dir, marks)
  }

  /**
   * Enters the last snapshot's entries of the folder `before` as those of `dir`, which has none yet, but for the names `others`;
   * folders in it still need a `child`. False, and nothing is entered, unless these are just the entries that are known.
   */
  takeOver(dir: number, before: number, known: KnownEntries, others: readonly Uint8Array[]): boolean {
    this.sql(TAKE_OVER).run(dir, before)
    const remove = this.sql('DELETE FROM entry WHERE dir = ? AND name = ?')
    for (const name of others) remove.run(dir, name)
    const taken = this.sql(
      `SELECT count(*) AS entries, COALESCE(sum(ino & 4294967295), 0) AS inodes, COALESCE(sum(length(name)), 0) AS names
       FROM entry WHERE dir = ?`,
    ).get(dir)
    if (taken?.entries === known.entries && taken.inodes === known.inodes && taken.names === known.nameBytes)
      return true
    this.sql('DELETE FROM entry WHERE dir = ?').run(dir)
    return false
  }

  setRootDevice(dev: bigint): void {
    this.sql('INSERT INTO root (dev) VALUES (?)').run(signed(dev))
  }

  /** The device that a folder is on; null when it is not known. */
  deviceOf(dir: number): bigint | null {
    if (dir !== 1) {
      const row = this.dir(dir)
      return row ? (this.placeOf(row.parent, row.name)?.dev ?? null) : null
    }
    if (!this.#hasRoot) return null
    const row = this.sql('SELECT dev FROM root', true).get()
    return (row?.dev as bigint | undefined) ?? null
  }

  /** Of the entry of this name: what it is and the device that it is on. */
  placeOf(dir: number, name: Uint8Array): Pick<EntryRow, 'kind' | 'dev' | 'child'> | undefined {
    const row = this.sql('SELECT kind, dev, child FROM entry WHERE dir = ? AND name = ?', true).get(dir, name)
    return row as Pick<EntryRow, 'kind' | 'dev' | 'child'> | undefined
  }

  /** How many entries of each kind a folder has, and bytes of them. */
  tally(dir: number): { kind: number; entries: number; bytes: number }[] {
    return this.sql(
      'SELECT kind, count(*) AS entries, sum(size) AS bytes FROM entry WHERE dir = ? GROUP BY kind',
    ).all(dir) as unknown as { kind: number; entries: number; bytes: number }[]
  }

  countIn(dir: number): number {
    return Number(this.sql('SELECT count(*) AS entries FROM entry WHERE dir = ?').get(dir)?.entries)
  }

  dir(id: number): DirRow | undefined {
    return this.sql('SELECT id, parent, name, depth, prev, ref, hash FROM dir WHERE id = ?').get(id) as
      | DirRow
      | undefined
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
