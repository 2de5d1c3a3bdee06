import {
  type BigIntStats,
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  realpathSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { DmcError } from '@dmc/core/errors/dmc-error'
import { makeFolder } from '../../disk/make-folder.ts'
import { joinBytes, showPath } from '../path-bytes.ts'
import type { OverwritePolicy } from '../types.ts'

/** In the target while a restore is in work; a second start with the same snapshot then goes on. */
const MARKER = '.dmc-restore-'

export const isRestoreMarker = (name: string): boolean => name.startsWith(MARKER)

export interface RestoreTarget {
  path: Buffer
  marker: Buffer
  /** Goes on with an interrupted restore of the same snapshot and path. */
  resumed: boolean
}

/** Which folder stands at a path itself, whatever names lead to it. */
export function folderId(path: Buffer): string {
  const { dev, ino } = lstatSync(path, { bigint: true })
  return `${dev}:${ino}`
}

/**
 * The folder to restore into: made when it is missing, its own symlinks resolved once. With `folder` it is that one, under that very
 * path and through no symlink, or none.
 * @throws TARGET_NOT_EMPTY unless it is empty, of an interrupted restore of the same, or a policy says what to keep;
 *   TARGET_UNWRITABLE.
 */
export function openTarget(
  wanted: Buffer,
  what: string,
  overwrite: OverwritePolicy | undefined,
  folder?: string,
): RestoreTarget {
  try {
    if (folder === undefined) make(wanted)
    else mustBe(wanted, folder)
    const path = realpathSync.native(wanted, 'buffer')
    const marker = joinBytes(path, Buffer.from(MARKER + what))
    const names = readdirSync(path, 'buffer')
    const resumed = names.some((name) => name.toString() === MARKER + what)
    if (names.length > 0 && !resumed && overwrite === undefined) {
      throw new DmcError('TARGET_NOT_EMPTY', `${showPath(path)} is not empty (${names.length} names).`, {
        hint: 'Choose a new folder, or permit this one with --into-existing (and --overwrite never, newer or always).',
      })
    }
    if (!resumed) writeFileSync(marker, '', { flag: 'wx', mode: 0o600 })
    return { path, marker, resumed }
  } catch (error) {
    if (DmcError.is(error)) throw error
    throw writeError(error, wanted) ?? error
  }
}

function make(wanted: Buffer): void {
  try {
    makeFolder(wanted)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw unwritable(wanted, error) // below /proc
    throw error
  }
}

function mustBe(wanted: Buffer, folder: string): void {
  const there = lstatOrNull(wanted)
  if (there?.isDirectory() && folderId(wanted) === folder) {
    if (realpathSync.native(wanted, 'buffer').equals(wanted)) return
  }
  throw new DmcError(
    'TARGET_UNWRITABLE',
    `${showPath(wanted)} is not the folder that was made for this restore.`,
    {
      hint: 'Something was put in its place: look at it, then restore into a new folder.',
    },
  )
}

export function closeTarget(target: RestoreTarget): void {
  rmSync(target.marker, { force: true })
}

/** What stands at a path itself; null when nothing does. */
export const lstatOrNull = (path: Buffer): BigIntStats | null =>
  lstatSync(path, { bigint: true, throwIfNoEntry: false }) ?? null

/** Opens a folder without following a symlink, so that its metadata can be set by descriptor. */
export function openFolder(path: Buffer): number {
  return openSync(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW)
}

/**
 * Makes a folder, or finds it. true: it is new, so nothing is in it. A symlink is never taken for a folder.
 * @returns 'in the way' when something else has the name and the policy keeps it.
 */
export function enterFolder(path: Buffer, overwrite: OverwritePolicy | undefined): boolean | 'in the way' {
  const there = lstatOrNull(path)
  if (there?.isDirectory()) return false
  if (there) {
    if (overwrite !== 'always') return 'in the way'
    unlinkSync(path)
  }
  mkdirSync(path, { mode: 0o700 })
  return true
}

/** Every folder from `root` down to the last but one part is a real folder: nothing was swapped for a symlink. */
export function hasRealParents(root: Buffer, parts: Uint8Array[]): boolean {
  let at = root
  for (const part of parts.slice(0, -1)) {
    at = joinBytes(at, part)
    if (!lstatOrNull(at)?.isDirectory()) return false
  }
  return true
}

/** Sets the metadata of a folder that we made or may change. */
export function withFolder(path: Buffer, work: (fd: number) => void): void {
  const fd = openFolder(path)
  try {
    if (fstatSync(fd).isDirectory()) work(fd)
  } finally {
    closeSync(fd)
  }
}

/** A full or read-only disk: the next name will meet it, too. Whatever else the system refuses may be about one name only. */
export const concernsAll = (error: unknown): boolean =>
  ['ENOSPC', 'EDQUOT', 'EROFS'].includes((error as NodeJS.ErrnoException)?.code ?? '')

/** What the system refuses, in words; null when it is something else. */
export function writeError(error: unknown, path: Buffer): DmcError | null {
  const { code } = (error ?? {}) as NodeJS.ErrnoException
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new DmcError('DISK_FULL', `The disk is full at ${showPath(path)}.`, {
      hint: 'Make room and run the same restore again: it goes on where it stopped.',
      retryable: true,
      cause: error,
    })
  }
  if (code === 'EROFS' || code === 'EACCES' || code === 'EPERM' || code === 'ENOTDIR' || code === 'EEXIST') {
    return unwritable(path, error)
  }
  return null
}

const unwritable = (path: Buffer, error: unknown): DmcError =>
  new DmcError(
    'TARGET_UNWRITABLE',
    `Cannot write to ${showPath(path)}: ${(error as NodeJS.ErrnoException).code}.`,
    {
      hint: 'Choose a folder that the agent may write to.',
      cause: error,
    },
  )
