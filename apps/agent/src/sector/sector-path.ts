import { lstat, realpath } from 'node:fs/promises'
import { homedir } from 'node:os'
import { basename, dirname, isAbsolute, join, relative, resolve } from 'node:path'
import { DmcError } from '@dmc/core/errors/dmc-error'
import { errnoOf } from './storage-error.ts'

/** Nothing inside these is a sector either. */
const SYSTEM = '/bin /boot /dev /etc /lib /lib32 /lib64 /libx32 /proc /run /sbin /sys /usr'.split(' ')
/** These themselves are refused, folders inside them are fine. */
const SHARED =
  '/ /home /media /mnt /opt /root /srv /tmp /var /var/lib /var/log /var/tmp /Users /Volumes'.split(' ')
/** Where desktops mount removable disks, although inside a system folder. */
const MOUNTS = '/run/media'

/** True when `inner` is `outer` or lies in it. Both absolute and normalised. */
export function isInside(inner: string, outer: string): boolean {
  const way = relative(outer, inner)
  return way === '' || (way !== '..' && !way.startsWith('../') && !isAbsolute(way))
}

const overlaps = (a: string, b: string): boolean => isInside(a, b) || isInside(b, a)

/**
 * The real path of a folder that a miner may offer (flow 1); it may not exist yet, its parent must.
 * @param forbidden sources and the agent's own folders; @param sectors paths of the registered sectors
 * @throws SECTOR_PATH_REFUSED, SECTOR_OVERLAP
 */
export async function checkSectorPath(
  path: string,
  sectors: readonly { sectorId: string; path: string }[],
  forbidden: readonly string[],
): Promise<string> {
  const refuse = (
    why: string,
    hint = 'Choose a folder of its own on the disk that you offer, such as /mnt/disk1/dmc.',
  ) => new DmcError('SECTOR_PATH_REFUSED', `${path} can't be a sector: ${why}.`, { hint })
  if (path.includes('\0')) throw refuse('it holds a NUL character')
  if (!isAbsolute(path)) throw refuse('it is not an absolute path')
  const given = resolve(path)
  if (given === '/') throw refuse('it is the root folder')
  let parent: string
  try {
    parent = await realpath(dirname(given))
  } catch (error) {
    throw refuse(errnoOf(error) === 'ENOENT' ? `${dirname(given)} does not exist` : String(error))
  }
  const real = join(parent, basename(given))
  const found = await lstat(real).catch((error) => {
    if (errnoOf(error) === 'ENOENT') return null
    throw refuse(String(error))
  })
  if (found?.isSymbolicLink())
    throw refuse('it is a symbolic link', 'Name the folder that the link points to.')
  if (found && !found.isDirectory()) throw refuse('it is not a folder')
  for (const candidate of new Set([given, real])) {
    const system = SYSTEM.find((folder) => isInside(candidate, folder))
    const mounted = candidate !== MOUNTS && isInside(candidate, MOUNTS)
    if (system && !mounted) throw refuse(`${system} belongs to the system`)
    if (SHARED.includes(candidate)) throw refuse('it is a folder that others use too')
    if (isInside(homedir(), candidate)) throw refuse('it holds your home folder')
  }
  for (const other of sectors) {
    if (!overlaps(real, other.path)) continue
    throw new DmcError('SECTOR_OVERLAP', `${path} overlaps sector ${other.sectorId} at ${other.path}.`, {
      hint: 'Offer a folder outside of every other sector: space can be sold only once.',
    })
  }
  for (const other of forbidden) {
    const there = await realpath(other).catch(() => resolve(other))
    if (overlaps(real, there)) {
      throw refuse(`it overlaps ${other}, which is a source or the agent's own folder`)
    }
  }
  return real
}
