import { constants, copyFile, link, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { DmcError } from '@dmc/core/errors/dmc-error'
import { isAlive, ownIdentity, type ProcessIdentity } from './boot-identity.ts'
import { errnoOf } from './storage-error.ts'

const NAME = 'dmc-sector.lock'
/** What the file systems of sticks and shares say that have no hard links. */
const NO_LINKS: readonly string[] = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EINVAL']
/** A lock that is just being written is whole by then. */
const WRITTEN_MS = 250
let counter = 0

/**
 * Takes the sector for this process: one agent per sector. The lock of a dead process, or of an earlier boot, is taken
 * over. @returns the releaser; `at`: where the folder lies now, if its disk was mounted elsewhere
 * @throws SECTOR_LOCKED naming the process that holds it
 */
export async function lockSector(folder: string): Promise<(at?: string) => Promise<void>> {
  const path = join(folder, NAME)
  const mine = JSON.stringify({ ...ownIdentity(), token: `${process.pid}.${++counter}.${Date.now()}` })
  const draft = `${path}.${process.pid}.${counter}`
  await writeFile(draft, mine, { mode: 0o600 })
  try {
    for (let attempt = 0; attempt < 5; attempt++) {
      try {
        await publish(draft, path)
        return (at = folder) => unlock(join(at, NAME), mine)
      } catch (error) {
        if (errnoOf(error) !== 'EEXIST') throw error
      }
      const held = await readWhole(path)
      if (held === null) continue
      if (held.holder && isAlive(held.holder)) throw lockedBy(folder, held.holder.pid)
      await setAside(path, held.text)
    }
    throw lockedBy(folder, (await readLock(path))?.holder?.pid ?? 0)
  } finally {
    await rm(draft, { force: true })
  }
}

/** The whole content at once where there are hard links. @throws EEXIST */
async function publish(draft: string, path: string): Promise<void> {
  try {
    await link(draft, path)
  } catch (error) {
    if (!NO_LINKS.includes(errnoOf(error) ?? '')) throw error
    await copyFile(draft, path, constants.COPYFILE_EXCL)
  }
}

/** One that says nothing may be about to. */
async function readWhole(path: string): ReturnType<typeof readLock> {
  const held = await readLock(path)
  if (held === null || held.holder !== null) return held
  await pause(WRITTEN_MS)
  return readLock(path)
}

async function readLock(path: string): Promise<{ text: string; holder: ProcessIdentity | null } | null> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return null
    throw error
  }
  try {
    const { pid, startTime, bootId } = JSON.parse(text) as ProcessIdentity
    return { text, holder: Number.isSafeInteger(pid) && pid > 0 ? { pid, startTime, bootId } : null }
  } catch {
    return { text, holder: null }
  }
}

/** Removes exactly the stale lock that was read: another process may have replaced it since. */
async function setAside(path: string, text: string): Promise<void> {
  const aside = `${path}.stale.${process.pid}.${counter}`
  try {
    await rename(path, aside)
    if ((await readFile(aside, 'utf8')) !== text) await publish(aside, path).catch(() => {})
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error
  } finally {
    await rm(aside, { force: true })
  }
}

async function unlock(path: string, mine: string): Promise<void> {
  const held = await readLock(path).catch(() => null)
  if (held?.text === mine) await rm(path, { force: true })
}

const lockedBy = (folder: string, pid: number) =>
  new DmcError('SECTOR_LOCKED', `The sector at ${folder} is in use by another agent (pid ${pid}).`, {
    hint: 'One agent per sector: stop the other one, or give this one another folder.',
    meta: { pid },
  })
