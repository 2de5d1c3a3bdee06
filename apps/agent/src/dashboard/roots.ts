import { mkdirSync, readdirSync, realpathSync, rmdirSync, rmSync } from 'node:fs'
import { lstat, realpath } from 'node:fs/promises'
import { basename, dirname, isAbsolute, join, normalize } from 'node:path'
import { DmcError } from '@dmc/core/errors/dmc-error'
import { isInside } from '../sector/sector-path.ts'
import { folderId, isRestoreMarker } from '../source/restore/restore-target.ts'

export type RootKind = 'read' | 'restore' | 'sector'
/** Real paths of the folders that this host allows its dashboard. */
export type Roots = Readonly<Record<RootKind, readonly string[]>> & {
  /** Folders to read that were not there: nothing is read in them, but what was backed up from them may come back. */
  readonly vanished?: readonly string[]
}

const FLAG: Record<RootKind, string> = {
  read: '--allow-read',
  restore: '--allow-restore',
  sector: '--allow-sector',
}

/** The configured folders as they really are; one that is not there allows nothing until it is. */
export async function openRoots(configured: Record<RootKind, string[]>): Promise<Roots> {
  const real = async (paths: string[]) => {
    const found = await Promise.all(paths.map((path) => realpath(path).catch(() => null)))
    return [...new Set(found.filter((path): path is string => path !== null && path !== '/'))]
  }
  const [read, restore, sector] = await Promise.all([
    real(configured.read),
    real(configured.restore),
    real(configured.sector),
  ])
  const there = await Promise.all(configured.read.map((path) => realpath(path).catch(() => null)))
  const vanished = configured.read.filter((path, i) => there[i] === null && isAbsolute(path)).map(normalize)
  return { read, restore, sector, vanished: vanished.filter((path) => path !== '/') }
}

/**
 * A folder that a person at this host allows: it exists, and is not everything.
 * @returns its real path @throws ROOT_REFUSED
 */
export async function checkRoot(path: string): Promise<string> {
  const refuse = (why: string) =>
    new DmcError('ROOT_REFUSED', `${path} can't be allowed: ${why}.`, {
      hint: 'Name the folder that is meant, such as /home/you/photos.',
    })
  if (!isAbsolute(path)) throw refuse('it is not an absolute path')
  const real = await realpath(path).catch(() => null)
  if (real === null) throw refuse('it does not exist')
  if (real === '/') throw refuse('that is the whole machine')
  if (!(await lstat(real)).isDirectory()) throw refuse('it is not a folder')
  return real
}

/**
 * Something that exists, where it really is: inside an allowed folder after every symbolic link was followed.
 * @throws PATH_OUTSIDE_ROOTS, also when it is not there: the answer is the same for both
 */
export async function insideRoots(roots: Roots, kind: RootKind, path: string): Promise<string> {
  const plain = plainPath(path)
  const real = plain === null ? null : await realpath(plain).catch(() => null)
  if (real !== null && roots[kind].some((root) => isInside(real, root))) return real
  throw outside(kind, path)
}

/**
 * Something that does not exist yet, in a folder that does and is really inside an allowed one.
 * @throws PATH_OUTSIDE_ROOTS, TARGET_NOT_EMPTY when there is anything by that name
 */
export async function newInsideRoots(roots: Roots, kind: RootKind, path: string): Promise<string> {
  const real = await inParent(roots, kind, path)
  if (await lstat(real).catch(() => null)) {
    throw taken(real)
  }
  return real
}

/**
 * Makes it, so that nothing else can come by its name, and looks where it is now.
 * @returns which folder that is @throws PATH_OUTSIDE_ROOTS, TARGET_NOT_EMPTY when there is anything by that name, TARGET_UNWRITABLE
 */
export async function makeInsideRoots(roots: Roots, kind: RootKind, path: string): Promise<string> {
  const real = await newInsideRoots(roots, kind, path)
  try {
    mkdirSync(real)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST') throw taken(real)
    throw new DmcError('TARGET_UNWRITABLE', `Cannot make ${real}: ${code}.`, {
      hint: 'Choose a folder that the agent may write to.',
      cause: error,
    })
  }
  // a folder above it may have been swapped for a link between the look and the making
  if (realpathSync.native(real) !== real) {
    rmdirSync(real)
    throw outside(kind, path)
  }
  return folderId(Buffer.from(real))
}

/**
 * A source that the dashboard may look into and restore from: its folder is inside one that may be read. One that is gone counts by
 * where it was. @throws PATH_OUTSIDE_ROOTS
 */
export async function sourceInRoots(roots: Roots, path: Uint8Array): Promise<void> {
  const text = Buffer.from(path).toString()
  const found = await realpath(Buffer.from(path), 'buffer').then(
    (real) => ({ real: real.toString(), roots: roots.read }),
    (error) =>
      (error as NodeJS.ErrnoException).code === 'ENOENT'
        ? { real: normalize(text), roots: [...roots.read, ...(roots.vanished ?? [])] }
        : null,
  )
  if (!found?.roots.some((root) => isInside(found.real, root))) throw outside('read', text)
}

/** Takes away the folder that a restore made, if it is that one still and nothing was put into it. */
export async function removeUnused(roots: Roots, kind: RootKind, path: string, made: string): Promise<void> {
  const real = await inParent(roots, kind, path)
  if (folderId(Buffer.from(real)) !== made) return
  const names = readdirSync(real)
  if (!names.every(isRestoreMarker)) return
  for (const name of names) rmSync(join(real, name))
  rmdirSync(real)
}

/** A name in a folder that is really inside an allowed one, whether it is there or not; no symbolic link. @throws PATH_OUTSIDE_ROOTS */
export async function inParent(roots: Roots, kind: RootKind, path: string): Promise<string> {
  const plain = plainPath(path)
  if (plain !== null && basename(plain) !== '') {
    const parent = await realpath(dirname(plain)).catch(() => null)
    if (parent !== null && roots[kind].some((root) => isInside(parent, root))) {
      const real = join(parent, basename(plain))
      const there = await lstat(real).catch(() => null)
      if (!there?.isSymbolicLink()) return real
    }
  }
  throw outside(kind, path)
}

/** Absolute and without `..`, or null. */
function plainPath(path: string): string | null {
  if (path.includes('\0') || !isAbsolute(path)) return null
  const plain = normalize(path).replace(/(.)\/$/, '$1')
  return path.split('/').includes('..') ? null : plain
}

const taken = (real: string): DmcError =>
  new DmcError('TARGET_NOT_EMPTY', `${real} is there already.`, { hint: 'Choose a new folder.' })

const outside = (kind: RootKind, path: string): DmcError =>
  new DmcError(
    'PATH_OUTSIDE_ROOTS',
    `${path.slice(0, 200)} is not inside a folder that this host allows (${FLAG[kind]}).`,
    { hint: `On the host: dmc-agent config set roots.${kind} FOLDER, then restart the agent.` },
  )
