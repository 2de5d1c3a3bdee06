import { chunkRoot } from '@dmc/core/merkle/chunk-root'
import { CHUNK_SIZE, HASH_SIZE } from '@dmc/core/merkle/constants'
import type { Hasher } from '@dmc/core/merkle/hasher'
import { SpoolFiles, type SpoolPlace } from './spool-files.ts'

/** Volume offsets: bytes below survive a kill, or even a power cut. */
interface SpoolSizes {
  written: number
  durable: number
}

/**
 * Hashes and writes the log out of buffers that each start at a chunk. Each whole chunk is hashed once, from memory, and
 * written in large pieces; the started one may be written several times as it grows. Runs in whichever thread owns it.
 */
export class SpoolWriter {
  readonly files: SpoolFiles
  readonly #hasher: Hasher
  readonly #root = new Uint8Array(HASH_SIZE)
  /** Bytes below are in the spool (not yet synced). */
  #written: number

  constructor(place: SpoolPlace, hasher: Hasher, { written, durable }: SpoolSizes) {
    this.files = new SpoolFiles(place, durable)
    this.#hasher = hasher
    this.#written = written
  }

  get written(): number {
    return this.#written
  }

  /** `whole` chunks at the start of `buffer`, whose first byte is volume offset `start`. @throws DISK_FULL */
  chunks(buffer: Buffer, start: number, whole: number): void {
    for (let i = 0; i < whole; i++) {
      const chunk = buffer.subarray(i * CHUNK_SIZE, (i + 1) * CHUNK_SIZE)
      this.root(start / CHUNK_SIZE + i, chunk)
    }
    this.#write(buffer, start, start + whole * CHUNK_SIZE)
  }

  /** The root of a chunk, as far as it goes. @throws DISK_FULL */
  root(chunk: number, data: Uint8Array): void {
    chunkRoot(this.#hasher, data, this.#root)
    this.files.putRoot(chunk, this.#root)
  }

  /** Puts the log into the spool up to `size`, so that it survives a kill; the bytes from `start` on are in `buffer`. @throws DISK_FULL */
  write(buffer: Buffer, start: number, size: number): void {
    this.#write(buffer, start, size)
    this.files.syncRoots()
  }

  /** Makes the log durable up to `size`, but for what the miner holds, below `released`. @throws DISK_FULL */
  sync(buffer: Buffer, start: number, size: number, released: number): void {
    this.#write(buffer, start, size)
    this.files.sync(size, released)
  }

  #write(buffer: Buffer, start: number, end: number): void {
    if (this.#written >= end) return
    this.files.write(buffer.subarray(this.#written - start, end - start), this.#written)
    this.#written = end
  }
}
