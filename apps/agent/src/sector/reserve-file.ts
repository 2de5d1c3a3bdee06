import { execFile } from 'node:child_process'
import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { dirname } from 'node:path'
import { freeSpace, notEnoughSpace } from './free-space.ts'
import { errnoOf, storageError } from './storage-error.ts'
import { syncFolder } from './sync-folder.ts'

/** `allocated`: the disk holds the space for this file; `accounted`: it can't, so only our own sums say so. */
export type Reservation = 'allocated' | 'accounted'

/**
 * Makes `path` a file of `bytes` whose space is taken now (flow 8), so that a full disk can't stop an order that was
 * accepted. Doing it again is harmless. Content is untouched.
 * @param promised bytes that other accounted files on this disk may still take
 * @throws NOT_ENOUGH_SPACE, DISK_FULL, SECTOR_DAMAGED
 */
export async function reserveFile(path: string, bytes: number, promised: number): Promise<Reservation> {
  try {
    const handle = await open(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600)
    try {
      const { blocks } = await handle.stat()
      const missing = bytes - blocks * 512
      const free = (await freeSpace(path)) - promised
      if (missing > free) throw notEnoughSpace(`for ${path}`, Math.max(free, 0), missing)
      const allocated = missing <= 0 || (await fallocate(path, bytes))
      // never shorter
      if ((await handle.stat()).size < bytes) await handle.truncate(bytes)
      await handle.sync()
      await syncFolder(dirname(path))
      return allocated ? 'allocated' : 'accounted'
    } finally {
      await handle.close()
    }
  } catch (error) {
    throw storageError(error, path, `reserving ${bytes} bytes`)
  }
}

/** False when the tool or the file system can't. @throws an ENOSPC error when the disk is too full */
function fallocate(path: string, bytes: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    execFile(
      'fallocate',
      ['-l', String(bytes), path],
      { env: { ...process.env, LC_ALL: 'C' } },
      (error, _out, text) => {
        if (!error) return resolve(true)
        if (/No space left|Disk quota/i.test(text)) {
          return reject(Object.assign(new Error(text.trim()), { code: 'ENOSPC' }))
        }
        // no such tool, or "Operation not supported"
        if (errnoOf(error) === 'ENOENT' || /not supported/i.test(text)) return resolve(false)
        reject(new Error(text.trim() || error.message))
      },
    )
  })
}
