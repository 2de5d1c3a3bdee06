import { linkSync, renameSync, symlinkSync, unlinkSync } from 'node:fs'
import { DmcError } from '@dmc/core/errors/dmc-error'
import { toDmcError } from '@dmc/core/errors/to-dmc-error'
import { toHex } from '@dmc/core/log/bytes'
import { logCorrupt } from '@dmc/core/log/log-error'
import { ENTRY_KIND, type NodeEntry } from '@dmc/core/log/node-entry'
import { splitSafePath } from '@dmc/core/log/safe-name'
import { entriesOf, findEntry, type OpenedSnapshot } from '../list-snapshot.ts'
import { joinBytes, showPath } from '../path-bytes.ts'
import type { RestoreOptions } from '../restore-snapshot.ts'
import type { RestoreResult } from '../types.ts'
import { FolderNames, tellsNamesApart } from './names-apart.ts'
import { LARGE_FILE, restoreFile, sweepTemporaries, temporaryIn } from './restore-file.ts'
import {
  closeTarget,
  concernsAll,
  enterFolder,
  hasRealParents,
  lstatOrNull,
  openTarget,
  type RestoreTarget,
  withFolder,
  writeError,
} from './restore-target.ts'
import { floorMicro, setLinkMetadata, setMetadata } from './set-metadata.ts'
import { Slots, Tally } from './slots.ts'

const SMALL_AT_ONCE = 8
const MOST_MISSING = 1000
const PROGRESS_MS = 200
/** How a file system says that it has no such name, and of which calls: the folder itself is there. */
const NO_SUCH_NAME: readonly string[] = ['EINVAL', 'ENOENT', 'EILSEQ', 'ENAMETOOLONG']
const MAKES_NAME: readonly string[] = ['rename', 'mkdir']

/** All that reading needs of an opened snapshot. */
export type ReadableSnapshot = Pick<OpenedSnapshot, 'snapshotId' | 'record' | 'blobs'>
export type RestoreHereOptions = Omit<RestoreOptions, 'snapshot'> & { snapshot: ReadableSnapshot }

/** One restore, in the thread that calls it; see `restoreSnapshot`. */
export async function restoreHere(options: RestoreHereOptions): Promise<RestoreResult> {
  const { snapshot, path = new Uint8Array(0), overwrite } = options
  const start = await findEntry(snapshot, path)
  const what = `${snapshot.snapshotId}-${path.length === 0 ? 'all' : toHex(path).slice(0, 64)}`
  const target = openTarget(Buffer.from(options.target), what, overwrite, options.folder)
  const run = new RestoreRun(options, target, Buffer.from(path))
  try {
    await run.restore(start)
  } catch (error) {
    // whatever a cut-off read says: it was us who stopped
    throw options.signal?.aborted ? interrupted() : error
  }
  closeTarget(target)
  run.finishRoot(start)
  return run.result
}

const interrupted = () =>
  new DmcError('INTERRUPTED', 'The restore was stopped.', {
    hint: 'Run the same command again: it goes on where it stopped.',
  })

class RestoreRun {
  readonly result: RestoreResult = {
    files: 0,
    directories: 0,
    links: 0,
    bytes: 0,
    skipped: 0,
    missing: [],
    missingCount: 0,
    unset: [],
    unsetCount: 0,
    others: 0,
  }
  readonly #o: RestoreHereOptions
  readonly #target: RestoreTarget
  /** Path of the restored folder in the snapshot. */
  readonly #base: Buffer
  readonly #small = new Slots(SMALL_AT_ONCE)
  readonly #large = new Slots(1)
  /** Files that are being written. */
  readonly #writing = new Tally()
  #hardLinks = 0
  /** Somewhere in the target names are not told apart. */
  #alike = false
  /** What is not there for that reason; another file or folder answers to its name. */
  readonly #clashed = new Set<string>()
  /** For links to names outside of what is restored: where their content was put. */
  readonly #outside = new Map<string, Buffer>()
  /** Of folders: a second walk sets theirs again. */
  #folders: Unset = { unset: [], unsetCount: 0 }
  #failure: unknown = null
  #toldAt = 0
  #entries = 0

  constructor(options: RestoreHereOptions, target: RestoreTarget, base: Buffer) {
    this.#o = options
    this.#target = target
    this.#base = base
  }

  async restore(start: NodeEntry): Promise<void> {
    const all = new Tally()
    try {
      if (start.kind === ENTRY_KIND.directory) {
        await this.#folder(start, this.#target.path, Buffer.alloc(0), all, true)
      } else await this.#one(start, this.#target.path, start.name, false, all)
    } catch (error) {
      this.#failure ??= error
    }
    await all.zero() // also when it failed: nothing is written after the answer
    if (this.#failure) throw this.#failure
    if (this.#hardLinks === 0) return
    this.#folders = { unset: [], unsetCount: 0 }
    // a second walk: the first names are there now; folders get their times after their last change
    if (start.kind === ENTRY_KIND.directory) await this.#linkFolder(start, this.#target.path, Buffer.alloc(0))
    else await this.#hardLink(start, this.#target.path, start.name)
  }

  /** The target folder itself, once nothing in it changes any more. */
  finishRoot(start: NodeEntry): void {
    if (start.kind === ENTRY_KIND.directory && this.#o.overwrite === undefined) {
      this.#finishFolder(start, this.#target.path, Buffer.alloc(0))
    }
    const { unset, unsetCount } = this.#folders
    this.result.unset = [...this.result.unset, ...unset].slice(0, MOST_MISSING)
    this.result.unsetCount += unsetCount
    this.#tell('', true)
  }

  /** `apart`: the folder that it is in tells names apart. */
  async #folder(
    entry: NodeEntry,
    path: Buffer,
    relative: Buffer,
    parent: Tally,
    apart: boolean,
  ): Promise<void> {
    const mine = new Tally()
    parent.add()
    mine.add()
    let fresh = false
    try {
      if (relative.length > 0) {
        const made = enterFolder(path, this.#o.overwrite)
        if (made === 'in the way') {
          this.#miss(relative, 'something that is no folder has its name in the target')
          mine.done()
          parent.done()
          return
        }
        fresh = made
        this.result.directories++
      }
      if (this.#target.resumed && !fresh) sweepTemporaries(path)
      // a new folder is as the one that it is in
      const exact = fresh ? apart : tellsNamesApart(path)
      const names = exact ? null : new FolderNames(path)
      this.#alike ||= !exact
      for await (const child of entriesOf(this.#o.snapshot.blobs, entry)) {
        this.#checkStop()
        this.#checkCount()
        const at = joinBytes(relative, child.name)
        // links are made when every other name is there
        const first = names && child.kind !== ENTRY_KIND.hardlink ? await this.#clash(names, child) : null
        if (first) {
          this.#missClash(child, at, first)
          continue
        }
        if (child.kind === ENTRY_KIND.directory) {
          await this.#folder(child, joinBytes(path, child.name), at, mine, exact)
        } else await this.#one(child, path, at, fresh, mine)
      }
    } catch (error) {
      this.#fail(error, path, relative)
    }
    mine.done()
    const finish = async () => {
      await mine.zero()
      // with hard links the second walk sets them
      if (relative.length > 0 && this.#hardLinks === 0) this.#finishFolder(entry, path, relative)
      parent.done()
    }
    void finish()
    if (this.#failure) throw this.#failure
  }

  /** The earlier name of its folder beside which it can't be there: that one would be gone. Null for none. */
  async #clash(names: FolderNames, { kind, name }: NodeEntry): Promise<Buffer | null> {
    if (kind === ENTRY_KIND.listed || !names.add(name)) return null
    await this.#writing.zero()
    return names.clash(name)
  }

  #missClash({ kind }: NodeEntry, relative: Buffer, first: Buffer): void {
    this.#clashed.add(relative.toString('latin1'))
    const what = kind === ENTRY_KIND.directory ? 'it, and all that is in it,' : 'it'
    this.#miss(
      relative,
      `this file system takes its name for ${showPath(first)}, which is there: restore ${what} into another folder`,
    )
  }

  #finishFolder(entry: NodeEntry, path: Buffer, relative: Buffer): void {
    this.#try(relative, () =>
      withFolder(path, (fd) => {
        note(this.#folders, relative, setMetadata(fd, entry))
      }),
    )
  }

  /** One entry that is no folder. `fresh`: the folder is new, so nothing has its name. */
  async #one(
    entry: NodeEntry,
    folder: Buffer,
    relative: Uint8Array,
    fresh: boolean,
    tally: Tally,
  ): Promise<void> {
    const at = Buffer.from(relative)
    const path = joinBytes(folder, entry.name)
    if (entry.kind === ENTRY_KIND.listed) {
      if (entry.listedAs === 'unreadable' || entry.listedAs === 'changed') {
        this.#miss(at, `it was not stored: ${entry.reason ?? entry.listedAs}`)
      } else this.result.others++
      return
    }
    if (entry.kind === ENTRY_KIND.hardlink) {
      this.#hardLinks++
      return
    }
    if (!fresh && this.#keeps(entry, path, at)) return
    if (entry.kind === ENTRY_KIND.symlink) {
      this.#try(at, () => this.#symlink(entry, folder, path, at))
      return
    }
    const slots = entry.size >= LARGE_FILE ? this.#large : this.#small
    await slots.take()
    tally.add()
    void this.#file(entry, folder, path, at).finally(() => {
      slots.free()
      tally.done()
    })
  }

  async #file(entry: NodeEntry, folder: Buffer, path: Buffer, relative: Buffer): Promise<void> {
    this.#writing.add()
    try {
      const unset = await restoreFile(this.#o.snapshot.blobs, entry, folder, path, (bytes) => {
        this.#checkStop()
        this.result.bytes += bytes
        this.#tell(relative, false)
      })
      note(this.result, relative, unset)
      this.result.bytes += holesOf(entry)
      this.result.files++
      this.#tell(relative, false)
    } catch (error) {
      this.#fail(error, path, relative)
    } finally {
      this.#writing.done()
    }
  }

  #symlink(entry: NodeEntry, folder: Buffer, path: Buffer, relative: Buffer): void {
    const temporary = temporaryIn(folder)
    try {
      symlinkSync(Buffer.from(entry.target ?? []), temporary)
    } catch (error) {
      if (!hasNone(error)) throw error
      this.#miss(relative, `no symlink can be made there (${(error as NodeJS.ErrnoException).code})`)
      return
    }
    try {
      const unset = setLinkMetadata(temporary, entry)
      renameSync(temporary, path)
      note(this.result, relative, unset)
    } catch (error) {
      unlinkSync(temporary)
      throw error
    }
    this.result.links++
  }

  /** True when what is in the target already stays there. */
  #keeps(entry: NodeEntry, path: Buffer, relative: Buffer): boolean {
    const there = lstatOrNull(path)
    if (!there) return false
    const equal =
      entry.kind === ENTRY_KIND.symlink
        ? there.isSymbolicLink() && floorMicro(there.mtimeNs) === floorMicro(entry.mtimeNs)
        : there.isFile() &&
          there.size === BigInt(entry.size) &&
          floorMicro(there.mtimeNs) === floorMicro(entry.mtimeNs)
    const { overwrite } = this.#o
    if (equal && (this.#target.resumed || overwrite !== 'always')) {
      this.result.skipped++
      this.result.bytes += entry.size
      return true
    }
    if (there.isDirectory()) {
      this.#miss(relative, 'a folder has its name in the target')
      return true
    }
    if (overwrite === undefined || overwrite === 'always') return false
    if (overwrite === 'newer' && entry.mtimeNs > there.mtimeNs) return false
    this.result.skipped++
    return true
  }

  async #linkFolder(entry: NodeEntry, path: Buffer, relative: Buffer): Promise<void> {
    const names = this.#alike && !tellsNamesApart(path) ? new FolderNames(path) : null
    // what was written in the first walk is there before every link
    if (names)
      for await (const { kind, name } of entriesOf(this.#o.snapshot.blobs, entry))
        if (kind !== ENTRY_KIND.hardlink && kind !== ENTRY_KIND.listed) names.add(name)
    for await (const child of entriesOf(this.#o.snapshot.blobs, entry)) {
      this.#checkStop()
      const at = joinBytes(relative, child.name)
      if (child.kind === ENTRY_KIND.hardlink) {
        const first = names && (await this.#clash(names, child))
        if (first) this.#missClash(child, at, first)
        else await this.#hardLink(child, path, at)
      } else if (child.kind === ENTRY_KIND.directory && !this.#clashed.has(at.toString('latin1'))) {
        const below = joinBytes(path, child.name)
        if (lstatOrNull(below)?.isDirectory()) await this.#linkFolder(child, below, at)
      }
    }
    if (relative.length > 0) this.#finishFolder(entry, path, relative)
  }

  async #hardLink(entry: NodeEntry, folder: Buffer, relative: Uint8Array): Promise<void> {
    const at = Buffer.from(relative)
    const path = joinBytes(folder, entry.name)
    try {
      const first = await this.#firstName(entry, folder, path, at)
      if (first === null || this.#keepsLink(first, path, at)) return
      const temporary = temporaryIn(folder)
      try {
        linkSync(first, temporary)
      } catch (error) {
        if (!hasNone(error)) throw error
        await this.#copyOfLinked(entry, folder, path, at)
        return
      }
      renameSync(temporary, path)
      this.result.links++
    } catch (error) {
      this.#fail(error, path, at)
      if (this.#failure) throw this.#failure
    }
  }

  /** Where a file can't have two names, or not as many, each gets the content. */
  async #copyOfLinked(entry: NodeEntry, folder: Buffer, path: Buffer, relative: Buffer): Promise<void> {
    const file = await findEntry(this.#o.snapshot, Buffer.from(entry.linkPath ?? []))
    if (file.kind !== ENTRY_KIND.file) throw logCorrupt('A hard link is to no file.')
    const { files } = this.result
    await this.#file({ ...file, name: entry.name }, folder, path, relative)
    if (this.result.files > files)
      note(this.result, relative, 'a file of its own: no hard link can be made there')
  }

  /** Where the linked file is in the target; null when this name was made a file, or is reported. */
  async #firstName(entry: NodeEntry, folder: Buffer, path: Buffer, relative: Buffer): Promise<Buffer | null> {
    const linked = Buffer.from(entry.linkPath ?? [])
    const parts = splitSafePath(linked)
    const inside = this.#base.length === 0 ? linked : partBelow(this.#base, linked)
    if (inside && !this.#hasClashed(inside)) {
      const below = splitSafePath(inside)
      const first = joinBytes(this.#target.path, inside)
      if (hasRealParents(this.#target.path, below) && lstatOrNull(first)?.isFile()) return first
      this.#miss(relative, `the file that it is a hard link to (${showPath(linked)}) was not restored`)
      return null
    }
    const known = this.#outside.get(linked.toString('latin1'))
    if (known) return known
    const file = await findEntry(this.#o.snapshot, linked)
    if (file.kind !== ENTRY_KIND.file || parts.length === 0) {
      this.#miss(relative, `the file that it is a hard link to (${showPath(linked)}) was not stored`)
      return null
    }
    if (!this.#keeps(file, path, relative))
      await this.#file({ ...file, name: entry.name }, folder, path, relative)
    this.#outside.set(linked.toString('latin1'), path)
    return null
  }

  /** It, or a folder that it is in, is not there, whoever answers to the name. */
  #hasClashed(relative: Uint8Array): boolean {
    if (this.#clashed.size === 0) return false
    const text = Buffer.from(relative).toString('latin1')
    for (let end = text.length; end > 0; end = text.lastIndexOf('/', end - 1))
      if (this.#clashed.has(text.slice(0, end))) return true
    return false
  }

  #keepsLink(first: Buffer, path: Buffer, relative: Buffer): boolean {
    const there = lstatOrNull(path)
    if (!there) return false
    const same = lstatOrNull(first)
    if (same && there.ino === same.ino && there.dev === same.dev) {
      this.result.skipped++
      return true
    }
    if (there.isDirectory()) {
      this.#miss(relative, 'a folder has its name in the target')
      return true
    }
    if (this.#o.overwrite === 'never' || this.#o.overwrite === 'newer') {
      this.result.skipped++
      return true
    }
    return false
  }

  #try(relative: Buffer, work: () => void): void {
    try {
      work()
    } catch (error) {
      this.#fail(error, joinBytes(this.#target.path, relative), relative)
    }
  }

  /** One damaged file, or one name that this file system refuses, is reported; all else ends the restore. */
  #fail(error: unknown, path: Buffer, relative: Buffer): void {
    const { code, syscall } = (error ?? {}) as NodeJS.ErrnoException
    if (DmcError.is(error) && error.code === 'LOG_CORRUPT' && relative.length > 0) {
      this.#miss(relative, error.message)
      return
    }
    if (!DmcError.is(error) && relative.length > 0 && syscall !== undefined && !concernsAll(error)) {
      const noSuchName = NO_SUCH_NAME.includes(code ?? '') && MAKES_NAME.includes(syscall)
      this.#miss(
        relative,
        `${noSuchName ? 'this file system can’t hold such a name: ' : ''}${code} (${syscall})`,
      )
      return
    }
    this.#failure ??= DmcError.is(error) ? error : (writeError(error, path) ?? toDmcError(error))
  }

  #miss(relative: Buffer, reason: string): void {
    this.result.missingCount++
    if (this.result.missing.length < MOST_MISSING) {
      this.result.missing.push({ path: showPath(relative), reason })
    }
  }

  #checkStop(): void {
    if (this.#failure) throw this.#failure
    if (this.#o.signal?.aborted) throw interrupted()
  }

  /** The record says how many entries there are: folders that hold each other can't grow without end. */
  #checkCount(): void {
    const { totals, missing } = this.#o.snapshot.record
    const { files, directories, links, others } = totals
    this.#entries++
    if (this.#entries <= files + directories + links + others + missing) return
    this.#failure = logCorrupt(`The snapshot has more entries than the ${this.#entries - 1} of its record.`)
    throw this.#failure
  }

  #tell(current: Buffer | string, last: boolean): void {
    const now = performance.now()
    if (!last && now - this.#toldAt < PROGRESS_MS) return
    this.#toldAt = now
    const { totals } = this.#o.snapshot.record
    const whole = this.#base.length === 0
    this.#o.onProgress?.({
      files: this.result.files + this.result.skipped,
      bytes: this.result.bytes,
      filesTotal: whole ? totals.files : null,
      bytesTotal: whole ? totals.bytes : null,
      current: typeof current === 'string' ? current : showPath(current),
    })
  }
}

type Unset = Pick<RestoreResult, 'unset' | 'unsetCount'>

function note(unset: Unset, relative: Buffer, reason: string | null): void {
  if (reason === null) return
  unset.unsetCount++
  if (unset.unset.length < MOST_MISSING) unset.unset.push({ path: showPath(relative), reason })
}

/** Said of a link by a file system that has none, or not that many. */
const NO_LINKS: readonly unknown[] = ['EPERM', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP', 'EMLINK']
const hasNone = (error: unknown): boolean => NO_LINKS.includes((error as NodeJS.ErrnoException)?.code)

const holesOf = ({ holes }: NodeEntry): number =>
  holes.reduce((sum, part, i) => (i % 2 === 1 ? sum + part : sum), 0)

/** `path` relative to `base` when it lies below it, else null. */
function partBelow(base: Buffer, path: Buffer): Buffer | null {
  const inside =
    path.length > base.length && path[base.length] === 0x2f && path.subarray(0, base.length).equals(base)
  return inside ? path.subarray(base.length + 1) : null
}
