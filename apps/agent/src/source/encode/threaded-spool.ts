import { reviveError } from '@dmc/core/errors/to-dmc-error'
import type { SpoolJob } from './spool-memory.ts'
import { type SharedSpool, SpoolMemory } from './spool-memory.ts'
import type { SpoolSink } from './spool-sink.ts'

/** In the spool worker: this thread goes on encoding while that one hashes and writes. */
export class ThreadedSpool implements SpoolSink {
  readonly #memory: SpoolMemory
  readonly #buffers: Buffer[]
  /** By buffer: the number of the last job that reads it. */
  readonly #busyUntil: number[]
  #closed = false

  constructor(shared: SharedSpool) {
    this.#memory = new SpoolMemory(shared)
    this.#buffers = Array.from({ length: shared.count }, (_, index) => this.#memory.buffer(index))
    this.#busyUntil = this.#buffers.map(() => 0)
  }

  get written(): number {
    this.#mustBeWell()
    return this.#memory.written
  }

  get durable(): number {
    this.#mustBeWell()
    return this.#memory.durable
  }

  buffer(index: number): Buffer {
    return this.#buffers[index] as Buffer
  }

  chunks(index: number, start: number, whole: number): void {
    this.#ask(index, { type: 'chunks', buffer: index, start, whole })
  }

  next(index: number): number {
    const next = (index + 1) % this.#buffers.length
    this.#memory.waitBeyond((this.#busyUntil[next] ?? 0) - 1)
    this.#mustBeWell()
    return next
  }

  tailRoot(index: number, start: number, length: number): void {
    this.#ask(index, { type: 'root', buffer: index, start, length })
  }

  write(index: number, start: number, size: number): void {
    this.#ask(index, { type: 'write', buffer: index, start, size })
  }

  sync(index: number, start: number, size: number, released: number): void {
    this.#ask(index, { type: 'sync', buffer: index, start, size, released })
  }

  help(): void {
    this.#mustBeWell()
    this.#memory.ask({ type: 'seal' })
  }

  drain(): void {
    this.#memory.waitBeyond(this.#memory.asked - 1)
    this.#mustBeWell()
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#memory.waitBeyond(this.#memory.ask({ type: 'close' }) - 1)
  }

  #ask(index: number, job: SpoolJob): void {
    this.#mustBeWell()
    this.#busyUntil[index] = this.#memory.ask(job)
  }

  #mustBeWell(): void {
    const { failure } = this.#memory
    if (failure !== null) throw reviveError(failure)
  }
}
