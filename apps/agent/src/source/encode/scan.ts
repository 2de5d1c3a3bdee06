import { createHash } from 'node:crypto'
import { type BigIntStats, constants, lstatSync, readlinkSync } from 'node:fs'
import { basename } from 'node:path'
import { DmcError } from '@dmc/core/errors/dmc-error'
import { ENTRY_KIND, keptTime, type ListedAs } from '@dmc/core/log/node-entry'
import { MAX_NAME } from '@dmc/core/log/safe-name'
import { joinBytes, showPath } from '../path-bytes.ts'
import type { Excluder } from './excluder.ts'
import { FolderMarks, KnownEntries } from './folder-marks.ts'
import { type DirRow, type FolderRow, type Manifest, modeBits, type SameFile, signed } from './manifest.ts'
import { type EntryStat, type FolderEntry, FolderReader, isFolder, reasonOf } from './read-folder.ts'

export interface ScanTotals {
  /** Regular files and hard links to them. */
  files: number
  directories: number
  links: number
  others: number
  bytes: number
  /** Files whose content must be read, and how many bytes that is at most (sparse files count what is on disk). */
  todoFiles: number
  todoBytes: number
  /** Bytes of files that are as the last snapshot has them. */
  sameBytes: number
  /** Bytes of all names and link targets: what the nodes will take grows with it. */
  nameBytes: number
  /** Names left out by the source's excludes. */
  excluded: number
}

export interface ScanOptions {
  /** Absolute path of the source. */
  root: Buffer
  manifest: Manifest
  /** The manifest of the last snapshot, when every blob that it refers to is safe to reuse. */
  prev: Manifest | null
  /** What the person does not want backed up; null: nothing. */
  excluder: Excluder | null
  /** Folders on which a disk was mounted in the last snapshot may be empty now. */
  mayBeEmpty?: boolean
  /** Called often, with where it is; throws to stop. */
  tick(totals: ScanTotals, folder: Buffer, name: Buffer): void
  /** What reads folders; the accelerator's way where there is one. */
  folders?: Pick<FolderReader, 'entries'> & Partial<Pick<FolderReader, 'tellsKnown'>>
}

const COMMIT_EVERY = 20_000
/** With more entries that are not as they were a folder is entered one by one. */
const MOST_OTHERS = 1000

/**
 * Walks the source by depth into the manifest. Nothing is opened but folders, nothing is followed. What can't be read
 * is entered as listed; a name that vanished meanwhile is not there.
 * @throws SOURCE_NOT_FOUND, SOURCE_NOT_REGULAR, SOURCE_UNREADABLE for the source itself.
 */
export function scan({
  root,
  manifest,
  prev,
  excluder,
  mayBeEmpty = false,
  tick,
  folders = new FolderReader(),
}: ScanOptions): ScanTotals {
  const totals: ScanTotals = {
    files: 0,
    directories: 0,
    links: 0,
    others: 0,
    bytes: 0,
    todoFiles: 0,
    todoBytes: 0,
    sameBytes: 0,
    nameBytes: 0,
    excluded: 0,
  }
  const { db } = manifest
  const addDir = manifest.sql('INSERT INTO dir (id, parent, name, depth, prev) VALUES (?, ?, ?, ?, ?)')
  const setChild = manifest.sql('UPDATE entry SET child = ? WHERE dir = ? AND name = ?')
  const setSame = manifest.sql('UPDATE dir SET same = 1 WHERE id = ?')
  /** A name came again in the folder that is being read. */
  let repeated = false
  const add = entryAdder(manifest, prev, totals, () => {
    repeated = true
  })
  let rows = 0
  if (prev) manifest.attach(prev)
  db.exec('BEGIN')
  const count = (added = 1) => {
    rows += added
    if (rows < COMMIT_EVERY) return
    rows = 0
    db.exec('COMMIT; BEGIN')
  }
  // folders of one folder follow each other
  let above = { id: 1, path: root }
  const pathTo = (id: number): Buffer => {
    if (above.id !== id) above = { id, path: id === 1 ? root : joinBytes(root, manifest.pathOf(id)) }
    return above.path
  }
  /** Folders in the folder that is being read. */
  let inside = 0
  /** True when its node entry will be the last snapshot's. */
  const enter = (id: number, before: number, path: Buffer, { name, found }: FolderEntry): boolean => {
    const fits = name.length <= MAX_NAME
    if (isFolder(found)) inside++
    const same = add(id, before, fits ? name : shortened(name), path, fits ? found : tooLong(name))
    count()
    tick(totals, path, name)
    return same
  }
  const leftOut = (path: Buffer) =>
    excluder &&
    ((name: Buffer, isFolder: boolean): boolean => {
      const out = excluder.excludes(joinBytes(path, name), isFolder)
      if (out) totals.excluded++
      return out
    })
  /**
   * Entries that are as they were are entered in one go, the others one by one. True when all of them are the last snapshot's;
   * null, and nothing is entered, when the folder is to be entered one by one.
   */
  const takeOver = (id: number, before: number, path: Buffer): boolean | null => {
    if (!folders.tellsKnown || before === 0) return null
    const kept = prev?.marksOf(before) ?? null
    if (kept === null) return null
    const excluded = totals.excluded
    const marks = new FolderMarks()
    const known = new KnownEntries(kept)
    const others: FolderEntry[] = []
    let few = true
    for (const entry of folders.entries(path, { leavesOut: leftOut(path), marks, known })) {
      few = others.push(entry) <= MOST_OTHERS
      if (!few) break
    }
    const names = others.map(({ name }) => name)
    if (!few || (known.entries > 0 && !manifest.takeOver(id, before, known, names))) {
      totals.excluded = excluded
      return null
    }
    totals.files += known.files
    totals.bytes += known.bytes
    totals.sameBytes += known.bytes
    totals.links += known.links
    inside += known.folders
    totals.nameBytes += known.nameBytes + known.targetBytes
    count(known.entries)
    tick(totals, path, Buffer.alloc(0))
    const same = others.map((entry) => enter(id, before, path, entry)).every(Boolean)
    keepMarks(id, marks)
    return same
  }
  const keepMarks = (id: number, marks: FolderMarks) => {
    const kept = repeated ? null : marks.finish()
    if (kept) manifest.setMarks(id, kept)
  }

  const listAs = manifest.sql(
    "UPDATE entry SET kind = 4, child = 0, listed = 'unreadable', reason = ?, dev = COALESCE(?, dev) WHERE dir = ? AND name = ?",
  )
  /** What was read of it is not the whole folder: it is listed as one that could not be read. */
  const listFolder = ({ id, parent, name }: DirRow, reason: string, device: bigint | null = null) => {
    for (const table of ['entry', 'mark']) manifest.sql(`DELETE FROM ${table} WHERE dir = ?`).run(id)
    manifest.sql('DELETE FROM dir WHERE id = ?').run(id)
    totals.directories--
    listAs.run(reason, device, parent, name)
  }

  const stat = statSource(root)
  addDir.run(1, 0, Buffer.alloc(0), 0, prev ? 1 : 0)
  if (stat.isFile()) {
    add(1, prev ? 1 : 0, Buffer.from(basename(root.toString('latin1')), 'latin1'), root, stat)
    db.exec('COMMIT')
    return totals
  }

  manifest.setRootDevice(stat.dev)
  let last = 1
  for (let id = 1; id <= last; id++) {
    const dir = manifest.dir(id)
    if (!dir) throw new Error(`the manifest has no folder ${id}`)
    const path = id === 1 ? root : joinBytes(pathTo(dir.parent), dir.name)
    inside = 0
    repeated = false
    totals.directories++
    let same = prev !== null && dir.prev !== 0
    const before = totals.nameBytes + totals.excluded
    try {
      const taken = takeOver(id, dir.prev, path)
      if (taken === null) {
        const marks = new FolderMarks()
        for (const entry of folders.entries(path, { leavesOut: leftOut(path), marks }))
          if (!enter(id, dir.prev, path, entry)) same = false
        keepMarks(id, marks)
      } else if (!taken) same = false
    } catch (error) {
      const reason = reasonOf(error)
      if (reason === null) throw error
      if (id === 1) throw unreadable(root, reason)
      listFolder(dir, reason)
      continue
    }
    const isEmpty = totals.nameBytes + totals.excluded === before
    const lost = isEmpty && prev && !mayBeEmpty ? lostDevice(manifest, prev, dir) : null
    if (lost !== null) {
      listFolder(dir, NOT_MOUNTED, lost)
      continue
    }
    for (const folder of inside === 0 ? [] : foldersIn(manifest, id)) {
      const before = dir.prev === 0 ? undefined : prev?.folder(dir.prev, folder)
      if (!before?.same) same = false
      last++
      addDir.run(last, id, folder.name, dir.depth + 1, before?.child ?? 0)
      setChild.run(last, id, folder.name)
      count()
    }
    if (same) setSame.run(id)
  }
  db.exec('COMMIT')
  return totals
}

const NOT_MOUNTED =
  'it is empty, and another disk was mounted there before (if it is meant to be empty: dmc-agent backup --allow-empty)'

/**
 * Nothing is in the folder: the device that was mounted on it in the last snapshot, with something on it, or already before that.
 * Null when none was, or one is now. As nothing but a mount changes the device between a folder and what it is in, a folder that
 * somebody has emptied is not taken for one.
 */
function lostDevice(manifest: Manifest, prev: Manifest, dir: DirRow): bigint | null {
  const before = manifest.dir(dir.parent)?.prev ?? 0
  const was = before === 0 ? undefined : prev.placeOf(before, dir.name)
  const above = before === 0 ? null : prev.deviceOf(before)
  if (!was || above === null || was.dev === above) return null
  // listed: by us, or as one that was there and could not be read, as with a FUSE that has died
  const known =
    Number(was.kind) === ENTRY_KIND.listed || (was.child > 0n && prev.countIn(Number(was.child)) > 0)
  const isMount = manifest.deviceOf(dir.id) !== manifest.deviceOf(dir.parent)
  return known && !isMount ? was.dev : null
}

/** What the log has no room for is listed under the beginning of its name, and told as missing. */
function shortened(name: Buffer): Buffer {
  const mark = createHash('sha256').update(name).digest('hex').slice(0, 16)
  return Buffer.concat([name.subarray(0, 200), Buffer.from(`~${mark}`)])
}
const tooLong = (name: Buffer): string =>
  `its name has ${name.length} bytes, more than the ${MAX_NAME} that a snapshot can hold`

/** The folders in a folder, by name; rows may be updated while this goes on. */
function* foldersIn(manifest: Manifest, dir: number): Generator<FolderRow> {
  const page = manifest.sql(
    'SELECT name, mode, mtime, uid, gid FROM entry WHERE dir = ? AND kind = 1 AND name > ? ORDER BY name LIMIT 500',
    true,
  )
  let after: Uint8Array = new Uint8Array(0)
  for (;;) {
    const rows = page.all(dir, after) as unknown as FolderRow[]
    yield* rows
    const last = rows.at(-1)
    if (!last) return
    after = last.name
  }
}

/** The source itself: a folder or a regular file. */
function statSource(root: Buffer): BigIntStats {
  let stat: BigIntStats | undefined
  try {
    stat = lstatSync(root, { bigint: true, throwIfNoEntry: false })
  } catch (error) {
    throw unreadable(root, reasonOf(error) ?? String(error))
  }
  if (!stat) {
    throw new DmcError('SOURCE_NOT_FOUND', `${showPath(root)} does not exist.`, {
      hint: 'Mount or restore it, or remove the source: dmc-agent source remove.',
    })
  }
  if (!stat.isDirectory() && !stat.isFile()) {
    throw new DmcError('SOURCE_NOT_REGULAR', `${showPath(root)} is a ${listedAs(stat) ?? 'symlink'}.`, {
      hint: 'A source is a folder or a regular file.',
    })
  }
  return stat
}

const unreadable = (root: Buffer, reason: string) =>
  new DmcError('SOURCE_UNREADABLE', `Cannot read ${showPath(root)}: ${reason}.`, {
    hint: `Let the agent's user (uid ${process.getuid?.() ?? '?'}) read it, or run the agent as its owner.`,
  })

const { S_IFBLK, S_IFCHR, S_IFDIR, S_IFIFO, S_IFLNK, S_IFMT, S_IFREG, S_IFSOCK } = constants
const typeOf = ({ mode }: EntryStat): number => Number(mode) & S_IFMT

const LISTED: ReadonlyMap<number, ListedAs> = new Map([
  [S_IFIFO, 'fifo'],
  [S_IFSOCK, 'socket'],
  [S_IFCHR, 'char device'],
  [S_IFBLK, 'block device'],
])
const listedAs = (stat: EntryStat): ListedAs | null => LISTED.get(typeOf(stat)) ?? null

/** True: its node entry will be the last snapshot's; of a folder that is not known yet. */
type Add = (dir: number, prevDir: number, name: Buffer, folder: Buffer, found: EntryStat | string) => boolean

/** Enters one name, with the content of the last snapshot when the file has not changed since. */
function entryAdder(
  manifest: Manifest,
  prev: Manifest | null,
  totals: ScanTotals,
  onRepeated: () => void,
): Add {
  const remove = manifest.sql('DELETE FROM entry WHERE dir = ? AND name = ?')
  const insert = manifest.sql(
    `INSERT INTO entry (dir, name, kind, mode, mtime, ctime, dev, ino, nlink, size, disk, uid, gid, todo, target, ref,
     holes, hash, listed, reason) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (dir, name) DO NOTHING`,
  )
  const insertUnseen = manifest.sql(
    `INSERT INTO entry (dir, name, kind, mode, mtime, ctime, dev, ino, nlink, size, disk, uid, gid, listed, reason)
     VALUES (?, ?, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 'unreadable', ?) ON CONFLICT (dir, name) DO NOTHING`,
  )
  return (dir, prevDir, name, folder, found) => {
    totals.nameBytes += name.length
    if (typeof found === 'string') {
      if (insertUnseen.run(dir, name, found).changes === 0) onRepeated()
      return false
    }
    let kind: number = ENTRY_KIND.listed
    let target: Buffer | null = null
    let listed: ListedAs | null = listedAs(found)
    let reason: string | null = listed === null ? null : `a ${listed} has no content to store`
    let before: SameFile | undefined
    let todo = 0
    let same = false
    const type = typeOf(found)
    if (type === S_IFREG) {
      kind = ENTRY_KIND.file
      totals.files++
      totals.bytes += Number(found.size)
      before = prevDir === 0 ? undefined : prev?.sameFile(prevDir, name, found)
      if (before) totals.sameBytes += Number(found.size)
      // hard links need the walk's order to know which name is the first
      todo = found.nlink > 1n || (found.size > 0n && !before) ? 1 : 0
      // what is still to do may change the row
      same = before?.same === 1 && todo === 0
      if (todo === 1 && !before) {
        totals.todoFiles++
        totals.todoBytes += Number(found.size < found.blocks * 512n ? found.size : found.blocks * 512n)
      }
    } else if (type === S_IFDIR) {
      kind = ENTRY_KIND.directory
      same = true
    } else if (type === S_IFLNK) {
      try {
        target = readlinkSync(joinBytes(folder, name), 'buffer')
        kind = ENTRY_KIND.symlink
        same = prevDir !== 0 && prev?.hasLink(prevDir, name, found, target) === true
        totals.links++
        totals.nameBytes += target.length
      } catch (error) {
        listed = 'unreadable'
        reason = reasonOf(error) ?? String(error)
      }
    } else if (listed) totals.others++
    else {
      listed = 'unreadable'
      reason = 'it is of no kind that this agent knows'
    }
    const row = [
      dir,
      name,
      kind,
      modeBits(found.mode),
      keptTime(found.mtimeNs),
      keptTime(found.ctimeNs),
      signed(found.dev),
      signed(found.ino),
      found.nlink,
      kind === ENTRY_KIND.file ? found.size : 0,
      found.blocks * 512n,
      found.uid,
      found.gid,
      todo,
      target,
      before?.ref ?? null,
      before?.holes ?? null,
      before?.hash ?? null,
      listed,
      reason,
    ] as const
    // some file systems give a name twice when the folder changes meanwhile: the later one is true
    if (insert.run(...row).changes > 0) return same
    onRepeated()
    remove.run(dir, name)
    insert.run(...row)
    return same
  }
}
