import { randomBytes } from 'node:crypto'
import {
  closeSync,
  constants,
  ftruncateSync,
  openSync,
  readdirSync,
  renameSync,
  unlinkSync,
  writeSync,
} from 'node:fs'
import { BLOB_TYPE } from '@dmc/core/log/blob'
import { logCorrupt } from '@dmc/core/log/log-error'
import type { NodeEntry } from '@dmc/core/log/node-entry'
import { DirectWriter } from '../../disk/direct-writer.ts'
import { joinBytes } from '../path-bytes.ts'
import type { BlobReader } from '../read-blob.ts'
import { setMetadata } from './set-metadata.ts'

const CREATE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0)
const BLOCK = 4096
const MORE_CONTENT = 'A file has more content than its size.'
const ZEROS = Buffer.alloc(BLOCK)
/** Smaller files come out of shared, cached blobs; larger ones are read ahead. */
export const LARGE_FILE = 4 * 1024 * 1024

const ours = randomBytes(8).toString('hex')
let temporaries = 0

/** A name in the folder that no source has: hidden, random, used once. */
export const temporaryIn = (folder: Buffer): Buffer =>
  joinBytes(folder, Buffer.from(`.dmc-${ours}-${temporaries++}`))

/** What a restore that was killed left in a folder, removed before the same restore goes on there. */
export function sweepTemporaries(folder: Buffer): void {
  for (const name of readdirSync(folder, 'buffer')) {
    const text = name.toString('latin1')
    if (/^\.dmc-[0-9a-f]{16}-\d+(-|$)/.test(text) && !text.startsWith(`.dmc-${ours}-`))
      unlinkSync(joinBytes(folder, name))
  }
}

/**
 * Writes a file under a temporary name, and gives it its own name once content, mode and times are complete.
 * @returns what `setMetadata` could not set
 * @throws LOG_CORRUPT when the content is not as long as the entry says.
 */
export async function restoreFile(
  blobs: BlobReader,
  entry: NodeEntry,
  folder: Buffer,
  path: Buffer,
  onBytes: (bytes: number) => void,
): Promise<string | null> {
  const parts =
    entry.size >= LARGE_FILE
      ? blobs.openAll(BLOB_TYPE.content, blobs.slicesOf(entry.content))
      : blobs.bytesOf(BLOB_TYPE.content, blobs.slicesOf(entry.content))
  // the first bytes are here before the file is: a read that fails leaves nothing behind
  const first = await parts.next()
  const temporary = temporaryIn(folder)
  const fd = openSync(temporary, CREATE, 0o600)
  try {
    const writer = new HoleyWriter(fd, entry)
    try {
      const take = async (part: Uint8Array) => {
        await writer.write(part)
        onBytes(part.length)
      }
      if (!first.done) await take(first.value)
      for await (const part of parts) await take(part)
      await writer.finish()
    } finally {
      await writer.close()
    }
    const unset = setMetadata(fd, entry)
    closeSync(fd)
    renameSync(temporary, path)
    return unset
  } catch (error) {
    await parts.return(undefined)
    try {
      closeSync(fd)
    } catch {
      // it was closed
    }
    unlinkSync(temporary)
    throw error
  }
}

/** Puts content back between the holes of a sparse file. */
class HoleyWriter {
  readonly #fd: number
  readonly #entry: NodeEntry
  /** For large files without holes. */
  readonly #direct: DirectWriter | null
  #position = 0
  #nextHole = 0

  constructor(fd: number, entry: NodeEntry) {
    this.#fd = fd
    this.#entry = entry
    this.#direct = entry.size >= LARGE_FILE && entry.holes.length === 0 ? new DirectWriter(fd) : null
    this.#skipHole()
  }

  /** A promise where the disk is waited for: of large files only. */
  write(data: Uint8Array): Promise<void> | undefined {
    if (this.#direct) {
      this.#position += data.length
      if (this.#position > this.#entry.size) throw logCorrupt(MORE_CONTENT)
      return this.#direct.write(data)
    }
    for (let at = 0; at < data.length; ) {
      const hole = this.#entry.holes[this.#nextHole]
      const room = (hole ?? this.#entry.size) - this.#position
      const part = data.subarray(at, at + room)
      if (part.length === 0) throw logCorrupt(MORE_CONTENT)
      if (this.#entry.holes.length > 0) this.#writeData(part)
      else writeAll(this.#fd, part, this.#position)
      this.#position += part.length
      at += part.length
      this.#skipHole()
    }
    return undefined
  }

  finish(): Promise<void> | undefined {
    if (this.#position !== this.#entry.size) {
      throw logCorrupt(`A file has ${this.#position} bytes of content instead of ${this.#entry.size}.`)
    }
    if (this.#entry.holes.length > 0) ftruncateSync(this.#fd, this.#entry.size)
    return this.#direct?.finish()
  }

  close(): Promise<void> | undefined {
    return this.#direct?.close()
  }

  #skipHole(): void {
    const { holes } = this.#entry
    while (holes[this.#nextHole] === this.#position) {
      this.#position += holes[this.#nextHole + 1] ?? 0
      this.#nextHole += 2
    }
  }

  /** In a sparse file blocks of zeros stay unwritten too: its list of holes may have been cut short. */
  #writeData(data: Uint8Array): void {
    let from = 0
    for (let at = 0; at < data.length; ) {
      const end = Math.min(data.length, at + BLOCK - ((this.#position + at) % BLOCK))
      if (ZEROS.subarray(0, end - at).equals(data.subarray(at, end))) {
        if (at > from) writeAll(this.#fd, data.subarray(from, at), this.#position + from)
        from = end
      }
      at = end
    }
    if (from < data.length) writeAll(this.#fd, data.subarray(from), this.#position + from)
  }
}

function writeAll(fd: number, data: Uint8Array, position: number): void {
  for (let at = 0; at < data.length; ) at += writeSync(fd, data, at, data.length - at, position + at)
}
