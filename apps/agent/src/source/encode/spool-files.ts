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
import { closeDirect, directLength, openDirect, refusesDirect } from '../../disk/direct-io.ts'
import {
  FREE_SEGMENT,
  rootsFile,
  SPOOL_SEGMENT,
  spoolFile,
  spoolFolder,
  volumeFolder,
} from '../source-paths.ts'
import { disk, readFully, syncFolder } from './spool-io.ts'

interface Segment {
  fd: number
  /** The same file around the page cache: what is spooled is read once, by whoever sends it. */
  direct: number | null
}

/** Which session's spool, and which volume's chunk roots. */
export interface SpoolPlace {
  folder: string
  session: string
  volumeId: string
}

/** The files of one session's spool and its volume's chunk roots, in the thread that writes them. */
export class SpoolFiles {
  readonly #place: SpoolPlace
  readonly #segments = new Map<number, Segment>()
  readonly #rootsFd: number
  #folderSynced = false

  constructor(place: SpoolPlace) {
    this.#place = place
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
    const { fd } = this.#segment(Math.floor(offset / SPOOL_SEGMENT))
    readFully(fd, into, offset % SPOOL_SEGMENT)
    disk(() => ftruncateSync(fd, (offset % SPOOL_SEGMENT) + into.length))
  }

  /** Everything that was written is durable afterwards: bytes, then roots. `size`: the log ends there. */
  sync(size: number): void {
    disk(() => {
      for (const [index, segment] of this.#segments) {
        fdatasyncSync(segment.fd)
        if (index >= Math.floor(size / SPOOL_SEGMENT)) continue
        closeSegment(segment)
        this.#segments.delete(index)
      }
      fdatasyncSync(this.#rootsFd)
      if (this.#folderSynced) return
      syncFolder(spoolFolder(this.#place.folder, this.#place.session))
      syncFolder(volumeFolder(this.#place.folder, this.#place.volumeId))
      this.#folderSynced = true
    })
  }

  close(): void {
    for (const segment of this.#segments.values()) closeSegment(segment)
    this.#segments.clear()
    closeSync(this.#rootsFd)
  }

  #segment(index: number): Segment {
    let segment = this.#segments.get(index)
    if (segment === undefined) {
      const file = spoolFile(this.#place.folder, this.#place.session, index)
      this.#recycle(file)
      const fd = openFile(file)
      segment = { fd, direct: openDirect(fd, 'read and write') }
      this.#segments.set(index, segment)
      this.#folderSynced = false
    }
    return segment
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

function closeSegment({ fd, direct }: Segment): void {
  closeDirect(direct)
  closeSync(fd)
}

function writeSegment(segment: Segment, data: Buffer, position: number): void {
  disk(() => {
    let at = 0
    const whole = segment.direct === null ? 0 : directLength(data, 0, data.length, position)
    if (segment.direct !== null && whole > 0) {
      try {
        at = writeSync(segment.direct, data, 0, whole, position)
      } catch (error) {
        if (!refusesDirect(error)) throw error
        closeDirect(segment.direct)
        segment.direct = null
      }
    }
    while (at < data.length) at += writeSync(segment.fd, data, at, data.length - at, position + at)
  })
}
