import {
  closeSync,
  existsSync,
  fdatasyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { HASH_SIZE } from '@dmc/core/merkle/constants'
import {
  FREE_SEGMENT,
  rootsFile,
  SPOOL_SEGMENT,
  spoolFile,
  spoolFolder,
  volumeFolder,
} from '../source-paths.ts'
import { disk, readFully, syncFile, syncFolder } from './spool-io.ts'

/** Which session's spool, and which volume's chunk roots. */
export interface SpoolPlace {
  folder: string
  session: string
  volumeId: string
}

/**
 * The files of one session's spool and its volume's chunk roots, in the thread that writes them. Bytes are written into the
 * page cache, where whoever sends them reads them a moment later; segments that were sent are overwritten before the disk
 * has ever seen them. Roots are always synced: they are few, and tell what the miner must hold.
 */
export class SpoolFiles {
  readonly #place: SpoolPlace
  readonly #segments = new Map<number, number>()
  readonly #rootsFd: number
  /** Volume offset below which all is synced, or was held by the miner. */
  #durable: number
  #folderSynced = false
  #rootsNamed = false

  /** @param durable below which an earlier hand has synced all, or the miner holds it; what lies above may only be written */
  constructor(place: SpoolPlace, durable: number) {
    this.#place = place
    this.#durable = durable
    mkdirSync(spoolFolder(place.folder, place.session), { recursive: true, mode: 0o700 })
    mkdirSync(volumeFolder(place.folder, place.volumeId), { recursive: true, mode: 0o700 })
    this.#rootsFd = openFile(rootsFile(place.folder, place.volumeId))
  }

  /** Writes log bytes from volume offset `offset` on. @throws DISK_FULL */
  write(data: Buffer, offset: number): void {
    for (let at = 0; at < data.length; ) {
      const position = offset + at
      const inSegment = position % SPOOL_SEGMENT
      const part = data.subarray(at, at + SPOOL_SEGMENT - inSegment)
      writeSegment(this.#segment(Math.floor(position / SPOOL_SEGMENT)), part, inSegment)
      at += part.length
    }
  }

  /** @throws DISK_FULL */
  putRoot(chunk: number, root: Uint8Array): void {
    disk(() => writeSync(this.#rootsFd, root, 0, HASH_SIZE, chunk * HASH_SIZE))
  }

  /** Reads the bytes of a started chunk back, and cuts off what lies behind them. */
  readBack(offset: number, into: Buffer): void {
    if (into.length === 0) return
    const fd = this.#segment(Math.floor(offset / SPOOL_SEGMENT))
    readFully(fd, into, offset % SPOOL_SEGMENT)
    disk(() => ftruncateSync(fd, (offset % SPOOL_SEGMENT) + into.length))
  }

  syncRoots(): void {
    disk(() => {
      fdatasyncSync(this.#rootsFd)
      if (this.#rootsNamed) return
      // a file that was just made may lose its name in a power cut
      syncFolder(volumeFolder(this.#place.folder, this.#place.volumeId))
      this.#rootsNamed = true
    })
  }

  /** Everything from `released` on is durable afterwards: bytes, then roots. `size`: the log ends there. */
  sync(size: number, released: number): void {
    disk(() => {
      const first = Math.floor(Math.max(this.#durable, released) / SPOOL_SEGMENT)
      for (let index = first; index * SPOOL_SEGMENT < size; index++) this.#syncSegment(index)
      for (const [index, fd] of this.#segments) {
        if (index >= Math.floor(size / SPOOL_SEGMENT)) continue
        closeSync(fd)
        this.#segments.delete(index)
      }
      fdatasyncSync(this.#rootsFd)
      this.#durable = size
      if (this.#folderSynced) return
      syncFolder(spoolFolder(this.#place.folder, this.#place.session))
      syncFolder(volumeFolder(this.#place.folder, this.#place.volumeId))
      this.#folderSynced = true
    })
  }

  close(): void {
    for (const fd of this.#segments.values()) closeSync(fd)
    this.#segments.clear()
    closeSync(this.#rootsFd)
  }

  /** Also one that another thread wrote, or this session before it was killed. One that is gone is held by the miner by now. */
  #syncSegment(index: number): void {
    const open = this.#segments.get(index)
    if (open !== undefined) {
      fdatasyncSync(open)
      return
    }
    try {
      syncFile(spoolFile(this.#place.folder, this.#place.session, index))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    }
  }

  #segment(index: number): number {
    let fd = this.#segments.get(index)
    if (fd === undefined) {
      const file = spoolFile(this.#place.folder, this.#place.session, index)
      this.#recycle(file)
      fd = openFile(file)
      this.#segments.set(index, fd)
      this.#folderSynced = false
    }
    return fd
  }

  /** A segment that is done with becomes the next one: overwriting its pages costs a fraction of making new ones. */
  #recycle(file: string): void {
    if (existsSync(file)) return
    const folder = spoolFolder(this.#place.folder, this.#place.session)
    const free = readdirSync(folder).find((name) => name.startsWith(FREE_SEGMENT))
    if (free) renameSync(join(folder, free), file)
  }
}

/** Read and write, made when missing. */
function openFile(file: string): number {
  try {
    return openSync(file, 'r+')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    return disk(() => openSync(file, 'wx+', 0o600))
  }
}

function writeSegment(fd: number, data: Buffer, position: number): void {
  disk(() => {
    for (let at = 0; at < data.length; ) at += writeSync(fd, data, at, data.length - at, position + at)
  })
}
