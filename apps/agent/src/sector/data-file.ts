import { close, constants, fdatasync, fstat, open as openFile, read, write } from 'node:fs'
import { rename, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { promisify } from 'node:util'
import { closeDirect, directLength, openDirect, refusesDirect } from '../disk/direct-io.ts'
import { storageError } from './storage-error.ts'
import { syncFolder } from './sync-folder.ts'

const openAsync = promisify(openFile)
const closeAsync = promisify(close)
const syncAsync = promisify(fdatasync)
const statAsync = promisify(fstat)

/** One order's data file: plain positional I/O on descriptors that the hashing worker shares. */
export interface DataFile {
  readonly path: string
  readonly fd: number
  /** The same file around the page cache, where the platform has that (`direct-io.ts`). */
  readonly direct: number | null
  /** Whole pages in page-aligned memory go around the cache: nobody reads soon what a miner stores. */
  write(data: Uint8Array, offset: number): Promise<void>
  /** Exactly `length` bytes. @throws SECTOR_DAMAGED when the file is shorter */
  read(offset: number, length: number, into?: Buffer): Promise<Buffer>
  sync(): Promise<void>
  close(): Promise<void>
}

/** @throws SECTOR_DAMAGED when it is not there, is a link or can't be opened */
export async function openDataFile(path: string): Promise<DataFile> {
  let fd: number
  try {
    fd = await openAsync(path, constants.O_RDWR | constants.O_NOFOLLOW)
    if (!(await statAsync(fd)).isFile()) throw new Error('it is not a file')
  } catch (error) {
    throw storageError(error, path, 'opening it')
  }
  const direct = openDirect(fd, 'read and write')
  let mayBeDirect = direct !== null
  let open = true
  const mustBeOpen = () => {
    // its number may belong to another file by now
    if (!open) throw new Error(`${path} is closed`)
  }
  return {
    path,
    fd,
    direct,
    async write(data, offset) {
      let done = 0
      mustBeOpen()
      const most = mayBeDirect ? directLength(data, 0, data.length, offset) : 0
      if (direct !== null && most > 0) {
        try {
          done = await writeSome(direct, path, data.subarray(0, most), 0, offset)
        } catch (error) {
          if (!refusesDirect((error as Error).cause)) throw error
          mayBeDirect = false
        }
      }
      while (done < data.length) done += await writeSome(fd, path, data, done, offset + done)
    },
    async read(offset, length, into = Buffer.allocUnsafe(length)) {
      let done = 0
      mustBeOpen()
      while (done < length) {
        const got = await readSome(fd, path, into, done, length - done, offset + done)
        if (got === 0)
          throw storageError(new Error('the file is too short'), path, `reading at byte ${offset + done}`)
        done += got
      }
      return into
    },
    async sync() {
      mustBeOpen()
      try {
        await syncAsync(fd)
      } catch (error) {
        throw storageError(error, path, 'fdatasync')
      }
    },
    async close() {
      open = false
      closeDirect(direct)
      await closeAsync(fd)
    },
  }
}

function writeSome(fd: number, path: string, data: Uint8Array, from: number, at: number): Promise<number> {
  return new Promise((resolve, reject) => {
    write(fd, data, from, data.length - from, at, (error, done) =>
      error ? reject(storageError(error, path, `writing at byte ${at}`)) : resolve(done),
    )
  })
}

function readSome(
  fd: number,
  path: string,
  into: Buffer,
  from: number,
  most: number,
  at: number,
): Promise<number> {
  return new Promise((resolve, reject) => {
    read(fd, into, from, most, at, (error, done) =>
      error ? reject(storageError(error, path, `reading at byte ${at}`)) : resolve(done),
    )
  })
}

/** Replaces a small file so that after a kill or power cut either the old or the new one is there, whole. */
export async function replaceFile(path: string, content: Uint8Array | string): Promise<void> {
  try {
    const next = `${path}.new`
    await writeFile(next, content, { mode: 0o600, flush: true })
    await rename(next, path)
    await syncFolder(dirname(path))
  } catch (error) {
    throw storageError(error, path, 'writing it')
  }
}
