import { randomBytes } from 'node:crypto'
import { accessSync, constants, existsSync, lstatSync, readdirSync, realpathSync, rmSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { DmcError } from '@dmc/core/errors/dmc-error'
import { decodeCatalog } from '@dmc/core/log/catalog'
import { checkExcludes } from '@dmc/core/source/exclude-patterns'
import type { Store } from '../store/open-store.ts'
import { Excluder } from './encode/excluder.ts'
import { openLogDb, readHead } from './encode/log-db.ts'
import { measureSource } from './measure-source.ts'
import { snapshotsOf } from './open-catalog.ts'
import { showPath } from './path-bytes.ts'
import { logDbFile, MANIFEST, sourceFolder } from './source-paths.ts'
import { isBackupRunning } from './start-backup.ts'
import type { SnapshotInfo, SourceInfo, SourceSize } from './types.ts'

/** The paths that this host's user backs up (flow 5). */
export interface SourceService {
  /**
   * Registers a folder or a regular file; the same path again gives the source that there is. `salt` goes on with a
   * log that exists already (recovery on a new host).
   * `excludes`, when given, also replace those of a source that there is.
   * @throws SOURCE_NOT_FOUND, SOURCE_NOT_REGULAR, SOURCE_UNREADABLE, SOURCE_OVERLAPS_AGENT, EXCLUDE_INVALID.
   */
  add(
    path: string | Buffer,
    options?: { name?: string; salt?: Uint8Array; excludes?: readonly string[] },
  ): Promise<SourceInfo>
  /** Replaces a source's excludes, from its next backup on. @throws SOURCE_UNKNOWN, EXCLUDE_INVALID. */
  setExcludes(sourceId: string, patterns: readonly string[]): SourceInfo
  list(): SourceInfo[]
  /** @throws SOURCE_UNKNOWN. */
  get(sourceId: string): SourceInfo
  /** Forgets the path and its cache; what miners hold stays. @throws SOURCE_UNKNOWN, SOURCE_BUSY. */
  remove(sourceId: string): Promise<void>
  /** The next backup reads every file again, also after a kill. Nothing is stored twice. @throws SOURCE_UNKNOWN, SOURCE_BUSY. */
  forgetUnchanged(sourceId: string): void
  /** Walks the source and keeps what it found. @throws SOURCE_UNKNOWN and what the path itself has. */
  measure(sourceId: string, signal?: AbortSignal): Promise<SourceSize>
  /** Snapshots in force as this host knows them, newest first. */
  snapshots(sourceId: string): SnapshotInfo[]
}

interface Row {
  source_id: string
  name: string
  path: Uint8Array
  kind: 'directory' | 'file'
  salt: Uint8Array
  created_at: number
  files: number | null
  directories: number | null
  bytes: number | null
  unreadable: number | null
  measured_at: number | null
  excludes: string
  excluded: number
}

export function openSourceService({ store, dataDir }: { store: Store; dataDir: string }): SourceService {
  const { db } = store
  const find = (column: 'source_id' | 'path' | 'name', value: string | Uint8Array): SourceInfo | null => {
    const row = db.prepare(`SELECT * FROM source WHERE ${column} = ?`).get(value) as unknown as
      | Row
      | undefined
    return row ? toInfo(row) : null
  }
  const get = (sourceId: string): SourceInfo => {
    const source = find('source_id', sourceId)
    if (source) return source
    throw new DmcError('SOURCE_UNKNOWN', `There is no source ${sourceId}.`, {
      hint: 'dmc-agent source list shows them.',
    })
  }
  const freeName = (wanted: string): string => {
    let name = wanted
    for (let n = 2; find('name', name); n++) name = `${wanted}-${n}`
    return name
  }
  const setExcludes = (sourceId: string, wanted: readonly string[]): SourceInfo => {
    const { path, kind } = get(sourceId)
    const patterns = excludesFor(path, kind, wanted)
    db.prepare('UPDATE source SET excludes = ? WHERE source_id = ?').run(JSON.stringify(patterns), sourceId)
    return get(sourceId)
  }
  return {
    setExcludes,
    async add(wanted, { name, salt = randomBytes(32), excludes } = {}) {
      const { path, kind } = checkPath(wanted, dataDir)
      const known = find('path', path)
      if (known) return excludes ? setExcludes(known.sourceId, excludes) : known
      const patterns = excludesFor(path, kind, excludes ?? [])
      const sourceId = randomBytes(8).toString('hex')
      db.prepare(
        'INSERT INTO source (source_id, name, path, kind, salt, created_at, excludes) VALUES (?, ?, ?, ?, ?, ?, ?)',
      ).run(sourceId, freeName(name ?? nameOf(path)), path, kind, salt, Date.now(), JSON.stringify(patterns))
      return get(sourceId)
    },
    list() {
      const rows = db.prepare('SELECT * FROM source ORDER BY created_at, source_id').all() as unknown as Row[]
      return rows.map(toInfo)
    },
    get,
    async remove(sourceId) {
      const { name } = get(sourceId)
      if (isBackupRunning(sourceId)) {
        throw new DmcError('SOURCE_BUSY', `A backup of ${name} is running.`, {
          hint: 'Stop it first, then remove the source.',
        })
      }
      db.prepare('DELETE FROM source WHERE source_id = ?').run(sourceId)
      rmSync(sourceFolder(dataDir, sourceId), { recursive: true, force: true })
    },
    forgetUnchanged(sourceId) {
      const { name } = get(sourceId)
      if (isBackupRunning(sourceId)) {
        throw new DmcError('SOURCE_BUSY', `A backup of ${name} is running, and has read its files already.`, {
          hint: 'Wait for it to end, then ask again.',
        })
      }
      const folder = sourceFolder(dataDir, sourceId)
      const names = existsSync(folder) ? readdirSync(folder) : []
      for (const file of names.filter((each) => MANIFEST.test(each)))
        rmSync(join(folder, file), { force: true })
    },
    async measure(sourceId, signal) {
      const { path, excludes } = get(sourceId)
      checkPath(path, dataDir)
      const size = await measureSource(path, signal, undefined, Excluder.of(path, excludes))
      db.prepare(
        `UPDATE source SET files = ?, directories = ?, bytes = ?, unreadable = ?, excluded = ?, measured_at = ?
         WHERE source_id = ?`,
      ).run(
        size.files,
        size.directories,
        size.bytes,
        size.unreadable,
        size.excluded,
        size.measuredAt,
        sourceId,
      )
      return size
    },
    snapshots(sourceId) {
      const file = logDbFile(sourceFolder(dataDir, sourceId))
      if (!existsSync(file)) return []
      const log = openLogDb(file)
      try {
        const head = readHead(log)
        return head ? snapshotsOf(decodeCatalog(head.catalog)) : []
      } finally {
        log.close()
      }
    },
  }
}

/**
 * Checked patterns; one that begins with the source's own path could never fit, so it is refused with what to write instead.
 * @throws EXCLUDE_INVALID
 */
function excludesFor(path: Buffer, kind: SourceInfo['kind'], wanted: readonly string[]): string[] {
  const patterns = checkExcludes(wanted)
  if (kind === 'file' && patterns.length > 0) {
    throw new DmcError('EXCLUDE_INVALID', `${showPath(path)} is a file: there is nothing in it to exclude.`, {
      hint: 'Give no excludes, or back up its folder.',
    })
  }
  const own = `${showPath(path)}/`
  const absolute = patterns.find((pattern) => pattern.startsWith(own))
  if (absolute) {
    throw new DmcError('EXCLUDE_INVALID', `'${absolute}' begins with the source's own path.`, {
      hint: `Patterns are relative to the source: write /${absolute.slice(own.length)}`,
    })
  }
  return patterns
}

function toInfo(row: Row): SourceInfo {
  const { files, directories, bytes, unreadable, excluded, measured_at: measuredAt } = row
  const measured = files !== null && directories !== null && bytes !== null && measuredAt !== null
  return {
    sourceId: row.source_id,
    name: row.name,
    path: Buffer.from(row.path),
    kind: row.kind,
    salt: row.salt,
    createdAt: row.created_at,
    excludes: JSON.parse(row.excludes) as string[],
    size: measured ? { files, directories, bytes, unreadable: unreadable ?? 0, excluded, measuredAt } : null,
  }
}

/** The real path of what may be a source. */
function checkPath(wanted: string | Buffer, dataDir: string): { path: Buffer; kind: SourceInfo['kind'] } {
  const given = typeof wanted === 'string' ? Buffer.from(resolve(wanted)) : wanted
  try {
    const path = realpathSync.native(given, 'buffer')
    const stat = lstatSync(path)
    const kind = stat.isDirectory() ? 'directory' : stat.isFile() ? 'file' : null
    if (!kind) throw notRegular(path, stat)
    const agent = realpathSync.native(dataDir, 'buffer')
    if (isWithin(agent, path) || isWithin(path, agent)) {
      throw new DmcError(
        'SOURCE_OVERLAPS_AGENT',
        `${showPath(path)} and the agent's data folder ${dataDir} lie in one another.`,
        { hint: "Choose a folder without the agent's own data: it changes while it is backed up." },
      )
    }
    accessSync(path, kind === 'directory' ? constants.R_OK | constants.X_OK : constants.R_OK)
    return { path, kind }
  } catch (error) {
    if (DmcError.is(error)) throw error
    throw pathError(given, error)
  }
}

function notRegular(path: Buffer, stat: { isFIFO(): boolean; isSocket(): boolean }): DmcError {
  const what = stat.isFIFO() ? 'fifo' : stat.isSocket() ? 'socket' : 'device'
  return new DmcError('SOURCE_NOT_REGULAR', `${showPath(path)} is a ${what}.`, {
    hint: 'A source is a folder or a regular file.',
  })
}

function pathError(path: Buffer, error: unknown): DmcError {
  const { code = String(error) } = error as NodeJS.ErrnoException
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    return new DmcError('SOURCE_NOT_FOUND', `${showPath(path)} does not exist.`, {
      hint: 'Check the spelling, and that the disk with it is mounted.',
      cause: error,
    })
  }
  return new DmcError('SOURCE_UNREADABLE', `Cannot read ${showPath(path)}: ${code}.`, {
    hint: `Let the agent's user (uid ${process.getuid?.() ?? '?'}) read it, or run the agent as its owner.`,
    cause: error,
  })
}

/** True when `path` is `folder` or lies below it. */
function isWithin(path: Buffer, folder: Buffer): boolean {
  if (path.equals(folder) || folder.equals(Buffer.from('/'))) return true
  return path.subarray(0, folder.length).equals(folder) && path[folder.length] === 0x2f
}

/** A name for people from the last part of the path. */
function nameOf(path: Buffer): string {
  const name = basename(path.toString('utf8')).replace(/[^\p{L}\p{N}._-]+/gu, '-')
  return name.replace(/^[-.]+|[-.]+$/g, '').slice(0, 60) || 'source'
}
