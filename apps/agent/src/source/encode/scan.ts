import { createHash } from 'node:crypto'
import { type BigIntStats, constants, lstatSync, readlinkSync } from 'node:fs'
import { basename } from 'node:path'
import { DmcError } from '@dmc/core/errors/dmc-error'
import { ENTRY_KIND, keptTime, type ListedAs } from '@dmc/core/log/node-entry'
import { MAX_NAME } from '@dmc/core/log/safe-name'
import { joinBytes, showPath } from '../path-bytes.ts'
import type { Excluder } from './excluder.ts'
import { type FolderRow, type Manifest, modeBits, type SameFile, signed } from './manifest.ts'
import { type EntryStat, FolderReader, reasonOf } from './read-folder.ts'

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
  /** Called often, with where it is; throws to stop. */
  tick(totals: ScanTotals, folder: Buffer, name: Buffer): void
  /** What reads folders; the accelerator's way where there is one. */
  folders?: Pick<FolderReader, 'entries'>
}

const COMMIT_EVERY = 20_000

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
  const add = entryAdder(manifest, prev, totals)
  let rows = 0
  db.exec('BEGIN')
  const count = () => {
    if (++rows % COMMIT_EVERY === 0) db.exec('COMMIT; BEGIN')
  }

  const stat = statSource(root)
  addDir.run(1, 0, Buffer.alloc(0), 0, prev ? 1 : 0)
  if (stat.isFile()) {
    add(1, prev ? 1 : 0, Buffer.from(basename(root.toString('latin1')), 'latin1'), root, stat)
    db.exec('COMMIT')
    return totals
  }

  let last = 1
  for (let id = 1; id <= last; id++) {
    const dir = manifest.dir(id)
    if (!dir) throw new Error(`the manifest has no folder ${id}`)
    const path = id === 1 ? root : joinBytes(root, manifest.pathOf(id))
    totals.directories++
    let same = prev !== null && dir.prev !== 0
    try {
      for (const { name, found } of folders.entries(path)) {
        if (excluder?.excludes(joinBytes(path, name), typeof found !== 'string' && isDirectory(found))) {
          totals.excluded++
          continue
        }
        const fits = name.length <= MAX_NAME
        const [as, what] = [fits ? name : shortened(name), fits ? found : tooLong(name)]
        if (!add(id, dir.prev, as, path, what)) same = false
        count()
        tick(totals, path, name)
      }
    } catch (error) {
      const reason = reasonOf(error)
      if (reason === null) throw error
      if (id === 1) throw unreadable(root, reason)
      // what was read of it is not the whole folder: it is listed as a folder that could not be read
      manifest.sql('DELETE FROM entry WHERE dir = ?').run(id)
      manifest.sql('DELETE FROM dir WHERE id = ?').run(id)
      totals.directories--
      manifest
        .sql(
          "UPDATE entry SET kind = 4, child = 0, listed = 'unreadable', reason = ? WHERE dir = ? AND name = ?",
        )
        .run(reason, dir.parent, dir.name)
      continue
    }
    for (const folder of foldersIn(manifest, id)) {
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
const isDirectory = (stat: EntryStat): boolean => typeOf(stat) === S_IFDIR

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
function entryAdder(manifest: Manifest, prev: Manifest | null, totals: ScanTotals): Add {
  const insert = manifest.sql(
    `INSERT INTO entry (dir, name, kind, mode, mtime, ctime, dev, ino, nlink, size, disk, uid, gid, todo, target, ref,
     holes, hash, listed, reason) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  )
  const insertUnseen = manifest.sql(
    `INSERT INTO entry (dir, name, kind, mode, mtime, ctime, dev, ino, nlink, size, disk, uid, gid, listed, reason)
     VALUES (?, ?, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 'unreadable', ?)`,
  )
  return (dir, prevDir, name, folder, found) => {
    totals.nameBytes += name.length
    if (typeof found === 'string') {
      insertUnseen.run(dir, name, found)
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
    insert.run(
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
    )
    return same
  }
}
