import {
  closeSync,
  existsSync,
  fdatasyncSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { DmcError } from '@dmc/core/errors/dmc-error'
import { chunkRoot } from '@dmc/core/merkle/chunk-root'
import { CHUNK_SIZE, HASH_SIZE, LEAF_SIZE } from '@dmc/core/merkle/constants'
import type { Hasher } from '@dmc/core/merkle/hasher'
import { closeDirect, directLength, openDirect, refusesDirect } from '../../disk/direct-io.ts'
import { pageMemory } from '../../disk/page-memory.ts'
import {
  FREE_SEGMENT,
  rootsFile,
  SPOOL_SEGMENT,
  spoolFile,
  spoolFolder,
  volumeFolder,
} from '../source-paths.ts'

const PAGE = 4096
/** Written to the spool once so many bytes of whole chunks are there. */
const FLUSH = 8 * CHUNK_SIZE
/** Room for a flush, a started chunk and the largest blob. */
const BUFFER = FLUSH + 6 * CHUNK_SIZE

interface Segment {
  fd: number
  /** The same file around the page cache: what is spooled is read once, by whoever sends it. */
  direct: number | null
}

export interface LogWriterOptions {
  folder: string
  session: string
  volumeId: string
  hasher: Hasher
  /** Log size where this session began; its chunk's earlier bytes are `boundary`. */
  baseSize: number
  boundary: Uint8Array
  /** Journalled size: what lies behind it in the spool is cut off. */
  size: number
  /** Each chunk once it is full. */
  onChunk(index: number, data: Uint8Array): void
}

/**
 * Appends to the spool of one session: a buffer that starts at a chunk, so that each chunk is hashed once, from memory,
 * and written in large pieces. `sync` makes everything up to `size` durable: bytes first, then chunk roots.
 */
export class LogWriter {
  readonly #options: LogWriterOptions
  readonly #buffer = pageMemory(BUFFER)
  /** Volume offset of the buffer's first byte: the start of a chunk. */
  #start: number
  #size: number
  /** Bytes below are in the spool (not yet synced). */
  #written: number
  readonly #segments = new Map<number, Segment>()
  readonly #rootsFd: number
  readonly #root = new Uint8Array(HASH_SIZE)
  #folderSynced = false

  constructor(options: LogWriterOptions) {
    this.#options = options
    mkdirSync(spoolFolder(options.folder, options.session), { recursive: true, mode: 0o700 })
    mkdirSync(volumeFolder(options.folder, options.volumeId), { recursive: true, mode: 0o700 })
    this.#rootsFd = openFile(rootsFile(options.folder, options.volumeId))
    this.#size = Math.max(options.size, options.baseSize)
    this.#written = this.#size
    this.#start = this.#size - (this.#size % CHUNK_SIZE)
    if (this.#size > options.baseSize) this.#load()
    else this.#begin()
  }

  get size(): number {
    return this.#size
  }

  /** Space for `length` bytes at the end; fill it, then `advance`. */
  reserve(length: number): { out: Buffer; at: number } {
    if (this.#size - this.#start + length > BUFFER) this.#flush()
    return { out: this.#buffer, at: this.#size - this.#start }
  }

  advance(length: number): void {
    this.#size += length
    if (this.#size - this.#start >= FLUSH) this.#flush()
  }

  append(bytes: Uint8Array): void {
    const { out, at } = this.reserve(bytes.length)
    out.set(bytes, at)
    this.advance(bytes.length)
  }

  /** Makes all bytes durable; the started chunk is written too, and later again. */
  sync(): void {
    this.#flush()
    this.#write(this.#size)
    disk(() => {
      for (const [index, segment] of this.#segments) {
        fdatasyncSync(segment.fd)
        if (index < Math.floor(this.#size / SPOOL_SEGMENT)) {
          closeSegment(segment)
          this.#segments.delete(index)
        }
      }
      fdatasyncSync(this.#rootsFd)
      if (!this.#folderSynced) {
        syncFolder(spoolFolder(this.#options.folder, this.#options.session))
        syncFolder(volumeFolder(this.#options.folder, this.#options.volumeId))
        this.#folderSynced = true
      }
    })
  }

  /** Bytes of the started chunk; valid until the next append. */
  tail(): Uint8Array {
    this.#flush()
    return this.#buffer.subarray(0, this.#size - this.#start)
  }

  /** Ends with whole leaves: writes the started chunk's root, and returns all roots of the volume. */
  finish(): Uint8Array {
    const tail = this.tail()
    if (tail.length % LEAF_SIZE !== 0) throw new Error('the log does not end at a leaf')
    if (tail.length > 0) this.#putRoot(this.#start / CHUNK_SIZE, tail)
    this.sync()
    const roots = new Uint8Array(Math.ceil(this.#size / CHUNK_SIZE) * HASH_SIZE)
    readFully(this.#rootsFd, roots, 0)
    return roots
  }

  close(): void {
    for (const segment of this.#segments.values()) closeSegment(segment)
    this.#segments.clear()
    closeSync(this.#rootsFd)
  }

  /** A new session: the spool starts with the boundary chunk's earlier bytes, so that it alone holds whole chunks. */
  #begin(): void {
    const { boundary, baseSize } = this.#options
    if (boundary.length !== baseSize - this.#start) throw new Error('the boundary does not end at the base')
    this.#buffer.set(boundary)
    this.#written = this.#start
  }

  /** A resumed session: cuts off what was not journalled, and reads the started chunk back. */
  #load(): void {
    const length = this.#size - this.#start
    if (length === 0) return
    const { fd } = this.#segment(Math.floor(this.#start / SPOOL_SEGMENT))
    readFully(fd, this.#buffer.subarray(0, length), this.#start % SPOOL_SEGMENT)
    disk(() => ftruncateSync(fd, (this.#start % SPOOL_SEGMENT) + length))
  }

  /** Hashes and writes the whole chunks in the buffer, and moves the rest to its start. */
  #flush(): void {
    const whole = Math.floor((this.#size - this.#start) / CHUNK_SIZE)
    if (whole === 0) return
    for (let i = 0; i < whole; i++) {
      const index = this.#start / CHUNK_SIZE + i
      const chunk = this.#buffer.subarray(i * CHUNK_SIZE, (i + 1) * CHUNK_SIZE)
      this.#putRoot(index, chunk)
      this.#options.onChunk(index, chunk)
    }
    const end = this.#start + whole * CHUNK_SIZE
    this.#write(end)
    this.#buffer.copyWithin(0, whole * CHUNK_SIZE, this.#size - this.#start)
    this.#start = end
  }

  #putRoot(index: number, data: Uint8Array): void {
    chunkRoot(this.#options.hasher, data, this.#root)
    disk(() => writeSync(this.#rootsFd, this.#root, 0, HASH_SIZE, index * HASH_SIZE))
  }

  /** Writes the buffered bytes below `end` that are not in the spool yet. A started chunk's leaves may be rewritten. */
  #write(end: number): void {
    // the same bytes again from the start of their page, so that whole pages are written
    if (this.#written < end) this.#written -= (this.#written - this.#start) % PAGE
    while (this.#written < end) {
      const index = Math.floor(this.#written / SPOOL_SEGMENT)
      const stop = Math.min(end, (index + 1) * SPOOL_SEGMENT)
      const from = this.#written - this.#start
      const part = this.#buffer.subarray(from, from + stop - this.#written)
      writeSegment(this.#segment(index), part, this.#written % SPOOL_SEGMENT)
      this.#written = stop
    }
  }

  #segment(index: number): Segment {
    let segment = this.#segments.get(index)
    if (segment === undefined) {
      const file = spoolFile(this.#options.folder, this.#options.session, index)
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
    const folder = spoolFolder(this.#options.folder, this.#options.session)
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

export const syncFolder = (folder: string): void => syncFile(folder)

export function readFully(fd: number, into: Uint8Array, position: number): void {
  for (let at = 0; at < into.length; ) {
    const read = readSync(fd, into, at, into.length - at, position + at)
    if (read === 0)
      throw Object.assign(new Error('ENODATA: the spool is shorter than its journal'), { code: 'ENODATA' })
    at += read
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

/** DISK_FULL when that is what an error of the file system or of SQLite says; else null. */
export function toDiskFull(error: unknown): DmcError | null {
  if (DmcError.is(error)) return null
  const { code, errcode } = (error ?? {}) as { code?: string; errcode?: number }
  if (code !== 'ENOSPC' && code !== 'EDQUOT' && errcode !== SQLITE_FULL) return null
  return new DmcError('DISK_FULL', "The disk with the agent's data folder is full.", {
    hint: 'Make room there; the backup then goes on where it stopped.',
    retryable: true,
    cause: error,
  })
}

const SQLITE_FULL = 13

/** Runs a write; a full disk becomes DISK_FULL. Nothing is lost: the session goes on once there is room. */
export function disk<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw toDiskFull(error) ?? error
  }
}

/** Makes a file durable that someone else wrote. */
export function syncFile(file: string): void {
  const fd = openSync(file, 'r')
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}
