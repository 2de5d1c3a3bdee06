import { hash } from 'node:crypto'
import { closeSync, openSync } from 'node:fs'
import { CHUNK_SIZE, HASH_SIZE, LEAF_SIZE } from '@dmc/core/merkle/constants'
import type { Hasher } from '@dmc/core/merkle/hasher'
import { type CopyBetween, copierBetween, type SharedMemory, sharedMemory } from '../../disk/shared-memory.ts'
import { rootsFile } from '../source-paths.ts'
import type { SpoolPlace } from './spool-files.ts'
import { readFully, spoolDamaged } from './spool-io.ts'
import { makeSharedSpool, type SharedSpool, SpoolMemory } from './spool-memory.ts'
import { InlineSpool, SPOOL_BUFFER, SPOOL_FLUSH, type SpoolSink } from './spool-sink.ts'
import { ThreadedSpool } from './threaded-spool.ts'

/** A session that spools more than this gets a thread for it; a smaller one is done before that would have started. */
const THREAD_FROM = 16 * CHUNK_SIZE
/** One is filled, one is hashed and written, one waits. */
const BUFFERS = 3

export interface LogWriterOptions extends SpoolPlace {
  hasher: Hasher
  /** Log size where this session began; its chunk's earlier bytes are `boundary`. */
  baseSize: number
  boundary: Uint8Array
  /** Journalled size: what lies behind it in the spool is cut off. */
  size: number
  /** Below it the log survives a power cut already; at most `size`. What lies above was perhaps only written before a kill. */
  durable: number
  /** Journalled SHA-256 of what the spool holds of the chunk that `size` cuts; null when it cuts none, or nothing is journalled. */
  tail: Uint8Array | null
  /** Volume offset below which the miner holds the log. */
  released(): number
  /** Each chunk once it is full. */
  onChunk(index: number, data: Uint8Array): void
  /** Starts the spool worker; without it this thread does it all. */
  startSpooler?: (shared: SharedSpool, written: number) => void
}

/**
 * Appends to the spool of one session: buffers that start at a chunk, so that each chunk is hashed once, from memory, and
 * written in large pieces, in a thread of its own when there is much of it.
 */
export class LogWriter {
  readonly #options: LogWriterOptions
  readonly #began: number
  /** The same memory before there is a thread and afterwards. */
  readonly #shared: SharedSpool
  readonly #memory: SharedMemory
  /** By the memory that is copied from. */
  readonly #copiers = new Map<SharedMemory, CopyBetween>()
  #sink: SpoolSink
  #inline: InlineSpool | null
  /** The buffer in work. */
  #index = 0
  #buffer: Buffer
  /** Volume offset of the buffer's first byte: the start of a chunk. */
  #start: number
  #size: number
  /** Asked to be written, and to become durable. */
  #askedWritten: number
  #askedDurable: number
  /** Sizes that were asked to be written, and what the started chunk was then; the ones that are not written yet, and one before. */
  #tails: { size: number; tail: Uint8Array | null }[] = []

  constructor(options: LogWriterOptions) {
    this.#options = options
    const { baseSize, boundary } = options
    const size = Math.max(options.size, baseSize)
    this.#size = size
    this.#askedWritten = size
    this.#askedDurable = Math.min(size, Math.max(options.durable, baseSize))
    this.#began = size
    this.#start = size - (size % CHUNK_SIZE)
    const resumed = size > baseSize
    // a new session's spool starts with the boundary chunk's earlier bytes, so that it alone holds whole chunks
    if (!resumed && boundary.length !== baseSize - this.#start)
      throw new Error('the boundary does not end at the base')
    const buffers = options.startSpooler ? BUFFERS : 1
    this.#memory = sharedMemory(SPOOL_BUFFER * buffers)
    this.#shared = makeSharedSpool(this.#memory, SPOOL_BUFFER, buffers)
    this.#inline = new InlineSpool(options, options.hasher, new SpoolMemory(this.#shared).buffer(0), {
      size,
      begin: resumed ? size : this.#start,
      durable: this.#askedDurable,
    })
    this.#sink = this.#inline
    this.#buffer = this.#inline.buffer()
    if (resumed) this.#resume(this.#inline, options.tail)
    else this.#buffer.set(boundary)
    this.#noteTail()
  }

  get size(): number {
    return this.#size
  }

  /** Bytes below are in the spool and survive a kill. @throws DISK_FULL and whatever else went wrong in the other thread */
  get written(): number {
    return this.#sink.written
  }

  /** SHA-256 of the chunk that `written` cuts, as far as it is written; null when it cuts none. */
  tailOf(written: number): Uint8Array | null {
    while ((this.#tails[1]?.size ?? Number.POSITIVE_INFINITY) <= written) this.#tails.shift()
    return this.#tails[0]?.size === written ? this.#tails[0].tail : null
  }

  /** Bytes below are durable in the spool, or held by the miner: they survive a power cut. @throws as `written` */
  get durable(): number {
    return this.#sink.durable
  }

  /** Space for `length` bytes at the end; fill it, then `advance`. */
  reserve(length: number): { out: Buffer; at: number } {
    if (this.#size - this.#start + length > SPOOL_BUFFER) this.#flush()
    return { out: this.#buffer, at: this.#size - this.#start }
  }

  advance(length: number): void {
    this.#size += length
    if (this.#size - this.#start >= SPOOL_FLUSH) this.#flush()
  }

  /** Copies to place `at` of what `reserve` gave. */
  copyInto(out: Buffer, at: number, memory: SharedMemory, from: number, length: number): void {
    let copy = this.#copiers.get(memory)
    if (!copy) {
      copy = copierBetween(this.#memory, memory)
      this.#copiers.set(memory, copy)
    }
    copy(out.byteOffset + at, from, length)
  }

  /** From now on another thread writes: what comes is worth its start. */
  startThread(): void {
    if (!this.#inline || !this.#options.startSpooler) return
    const rest = this.#buffer.subarray(0, this.#size - this.#start)
    this.#toThread(this.#inline, rest, this.#options.startSpooler)
  }

  /** The thread that writes has time to seal, too. */
  help(): void {
    this.#sink.help()
  }

  append(bytes: Uint8Array): void {
    const { out, at } = this.reserve(bytes.length)
    out.set(bytes, at)
    this.advance(bytes.length)
  }

  /** Asks for all bytes to be in the spool (`written` tells when); the started chunk is written too, and later again. */
  writeSoon(): void {
    this.#flush()
    if (this.#askedWritten === this.#size) return
    this.#noteTail()
    this.#sink.write(this.#index, this.#start, this.#size)
    this.#askedWritten = this.#size
  }

  /** Asks for all bytes to become durable too (`durable` tells when). */
  syncSoon(): void {
    this.#flush()
    if (this.#askedDurable === this.#size) return
    this.#noteTail()
    this.#sink.sync(this.#index, this.#start, this.#size, this.#options.released())
    this.#askedWritten = this.#size
    this.#askedDurable = this.#size
  }

  /** Makes all bytes durable. */
  sync(): void {
    this.syncSoon()
    this.#sink.drain()
  }

  /** Ends with whole leaves: writes the started chunk's root, and returns all roots of the volume. */
  finish(): Uint8Array {
    this.#flush()
    const tail = this.#size - this.#start
    if (tail % LEAF_SIZE !== 0) throw new Error('the log does not end at a leaf')
    if (tail > 0) this.#sink.tailRoot(this.#index, this.#start, tail)
    this.#noteTail()
    // a root was written behind the last sync
    this.#sink.sync(this.#index, this.#start, this.#size, this.#options.released())
    this.#askedWritten = this.#size
    this.#askedDurable = this.#size
    this.#sink.drain()
    return this.#readRoots()
  }

  close(): void {
    this.#sink.close()
  }

  /** Hands on the whole chunks in the buffer, and goes on with the rest in the next one. */
  #flush(): void {
    const whole = Math.floor((this.#size - this.#start) / CHUNK_SIZE)
    if (whole === 0) return
    for (let i = 0; i < whole; i++) {
      const chunk = this.#buffer.subarray(i * CHUNK_SIZE, (i + 1) * CHUNK_SIZE)
      this.#options.onChunk(this.#start / CHUNK_SIZE + i, chunk)
    }
    this.#sink.chunks(this.#index, this.#start, whole)
    this.#start += whole * CHUNK_SIZE
    this.#goOn(this.#buffer.subarray(whole * CHUNK_SIZE, whole * CHUNK_SIZE + this.#size - this.#start))
  }

  #goOn(rest: Buffer): void {
    if (this.#inline && this.#options.startSpooler && this.#size - this.#began >= THREAD_FROM) {
      this.#tails.push({ size: this.#start, tail: null })
      this.#inline.write(0, this.#start, this.#start)
      this.#toThread(this.#inline, rest, this.#options.startSpooler)
      return
    }
    this.#index = this.#sink.next(this.#index)
    this.#buffer = this.#sink.buffer(this.#index)
    rest.copy(this.#buffer)
  }

  #toThread(inline: InlineSpool, rest: Buffer, start: NonNullable<LogWriterOptions['startSpooler']>): void {
    const memory = new SpoolMemory(this.#shared)
    memory.written = inline.written
    memory.durable = inline.durable
    start(this.#shared, inline.end)
    inline.close()
    this.#inline = null
    this.#sink = new ThreadedSpool(this.#shared)
    this.#index = 0
    this.#buffer = this.#sink.buffer(0)
    rest.copy(this.#buffer)
  }

  /** The started chunk's bytes, if they are what was journalled: a disk that was pulled out may have lost them. */
  #resume(inline: InlineSpool, tail: Uint8Array | null): void {
    const length = this.#size - this.#start
    if (length === 0) return
    try {
      inline.readBack(this.#start, length)
      if (tail === null || !sha256(this.#buffer.subarray(0, length)).equals(tail)) throw spoolDamaged()
    } catch (error) {
      inline.close()
      throw error
    }
  }

  #noteTail(): void {
    const length = this.#size - this.#start
    const tail = length === 0 ? null : sha256(this.#buffer.subarray(0, length))
    this.#tails.push({ size: this.#size, tail })
  }

  #readRoots(): Uint8Array {
    const roots = new Uint8Array(Math.ceil(this.#size / CHUNK_SIZE) * HASH_SIZE)
    const fd = openSync(rootsFile(this.#options.folder, this.#options.volumeId), 'r')
    try {
      readFully(fd, roots, 0)
    } finally {
      closeSync(fd)
    }
    return roots
  }
}

const sha256 = (bytes: Uint8Array): Buffer => hash('sha256', bytes, 'buffer')
