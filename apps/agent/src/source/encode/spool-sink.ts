import { CHUNK_SIZE } from '@dmc/core/merkle/constants'
import type { Hasher } from '@dmc/core/merkle/hasher'
import type { SpoolPlace } from './spool-files.ts'
import { SpoolWriter } from './spool-writer.ts'

/** Whole chunks are handed on once so many bytes of them are there. */
export const SPOOL_FLUSH = 2 * CHUNK_SIZE
/** Room for a flush, a started chunk and the largest blob. */
export const SPOOL_BUFFER = SPOOL_FLUSH + 6 * CHUNK_SIZE

/**
 * Where the log writer's bytes go: hashed, written and synced in this thread or in another one. A buffer that was handed
 * on by `chunks` must not be written to any more; `next` gives one that may.
 */
export interface SpoolSink {
  buffer(index: number): Buffer
  /** `whole` chunks at the start of buffer `index`, whose first byte is volume offset `start`. */
  chunks(index: number, start: number, whole: number): void
  /** A buffer to go on in after `chunks`. Waits until one is free. */
  next(index: number): number
  /** The root of the chunk that begins buffer `index`, of its first `length` bytes. */
  tailRoot(index: number, start: number, length: number): void
  /** Asks for everything up to `size` to be in the spool; the bytes from `start` on are in buffer `index`. */
  write(index: number, start: number, size: number): void
  /** Asks for more: that all of it but what the miner holds, below `released`, is durable. */
  sync(index: number, start: number, size: number, released: number): void
  /** Volume offset up to which the log survives a kill, by the `write`s that are done. @throws what went wrong meanwhile */
  readonly written: number
  /** Volume offset up to which the log survives a power cut, by the `sync`s that are done. @throws what went wrong meanwhile */
  readonly durable: number
  /** Another thread, when there is one, helps to seal what waits for it. */
  help(): void
  /** Waits until all that was asked for is done. @throws DISK_FULL and whatever else went wrong */
  drain(): void
  close(): void
}

/** In this thread: everything is done when the call returns. */
export class InlineSpool implements SpoolSink {
  readonly #writer: SpoolWriter
  readonly #buffer: Buffer
  #written: number
  #durable: number

  /** @param buffer of SPOOL_BUFFER bytes; @param size up to which the log was journalled; @param begin where writing begins; @param durable below which it was synced */
  constructor(
    place: SpoolPlace,
    hasher: Hasher,
    buffer: Buffer,
    { size, begin, durable }: { size: number; begin: number; durable: number },
  ) {
    this.#writer = new SpoolWriter(place, hasher, { written: begin, durable })
    this.#buffer = buffer
    this.#written = size
    this.#durable = durable
  }

  get written(): number {
    return this.#written
  }

  get durable(): number {
    return this.#durable
  }
  /** Volume offset from which on bytes are still to be put into the spool. */
  get end(): number {
    return this.#writer.written
  }
  buffer(): Buffer {
    return this.#buffer
  }
  chunks(_index: number, start: number, whole: number): void {
    this.#writer.chunks(this.#buffer, start, whole)
  }
  next(index: number): number {
    return index
  }
  tailRoot(_index: number, start: number, length: number): void {
    this.#writer.root(start / CHUNK_SIZE, this.#buffer.subarray(0, length))
  }
  write(_index: number, start: number, size: number): void {
    this.#writer.write(this.#buffer, start, size)
    this.#written = size
  }
  sync(_index: number, start: number, size: number, released: number): void {
    this.#writer.sync(this.#buffer, start, size, released)
    this.#written = size
    this.#durable = size
  }
  /** The started chunk of a resumed session, into the buffer. */
  readBack(start: number, length: number): void {
    this.#writer.files.readBack(start, this.#buffer.subarray(0, length))
  }
  help(): void {}
  drain(): void {}
  close(): void {
    this.#writer.files.close()
  }
}
