import type { SharedMemory } from '../../disk/shared-memory.ts'
import { FAILURE_BYTES, SharedFailure } from './shared-failure.ts'

/**
 * What the encode worker and the spool worker share: buffers of log bytes, and a ring of jobs. Both work synchronously, so
 * they tell each other by atomics, not by messages. One writer (the encode worker), one reader (the spool worker).
 */

export type SpoolJob =
  | { type: 'chunks'; buffer: number; start: number; whole: number }
  | { type: 'root'; buffer: number; start: number; length: number }
  | { type: 'write'; buffer: number; start: number; size: number }
  | { type: 'sync'; buffer: number; start: number; size: number; released: number }
  /** Help with a group of chunks that is to be sealed, if one waits (`seal-board.ts`). */
  | { type: 'seal' }
  | { type: 'close' }

const TYPES = ['chunks', 'root', 'write', 'sync', 'close', 'seal'] as const

const RING = 64
const FIELDS = 5

/** Places in the 32-bit counters. */
const ASKED = 0
const DONE = 1
/** Places of the 64-bit sizes. */
const WRITTEN = 2
const DURABLE = 3
const RING_AT = 64
const FAILURE_AT = RING_AT + RING * FIELDS * 8

export interface SharedSpool {
  control: SharedArrayBuffer
  buffers: SharedArrayBuffer
  bufferBytes: number
  count: number
}

/** @param memory of `count` buffers; those that are never written to take none @param bufferBytes of each buffer, whole pages */
export function makeSharedSpool(memory: SharedMemory, bufferBytes: number, count: number): SharedSpool {
  const control = new SharedArrayBuffer(FAILURE_AT + FAILURE_BYTES)
  return { control, buffers: memory.buffer, bufferBytes, count }
}

export class SpoolMemory {
  readonly #shared: Pick<SharedSpool, 'control'> & Partial<SharedSpool>
  readonly #counters: Int32Array
  readonly #sizes: BigInt64Array
  readonly #ring: Float64Array
  readonly #failure: SharedFailure

  /** @param shared of the control memory alone: for whoever does not look at the bytes */
  constructor(shared: Pick<SharedSpool, 'control'> & Partial<SharedSpool>) {
    this.#shared = shared
    this.#counters = new Int32Array(shared.control)
    this.#sizes = new BigInt64Array(shared.control)
    this.#ring = new Float64Array(shared.control, RING_AT, RING * FIELDS)
    this.#failure = new SharedFailure(shared.control, FAILURE_AT)
  }

  buffer(index: number): Buffer {
    const { buffers, bufferBytes = 0 } = this.#shared
    if (!buffers) throw new Error('only the control memory is here')
    return Buffer.from(buffers, index * bufferBytes, bufferBytes)
  }

  get count(): number {
    return this.#shared.count ?? 0
  }

  /** Volume offset below which bytes are in the spool's files: they survive a kill. */
  get written(): number {
    return Number(Atomics.load(this.#sizes, WRITTEN))
  }
  set written(size: number) {
    Atomics.store(this.#sizes, WRITTEN, BigInt(size))
  }

  /** Volume offset below which bytes were synced: they survive a power cut. */
  get durable(): number {
    return Number(Atomics.load(this.#sizes, DURABLE))
  }
  set durable(size: number) {
    Atomics.store(this.#sizes, DURABLE, BigInt(size))
  }

  /** Jobs that were asked for so far. */
  get asked(): number {
    return Atomics.load(this.#counters, ASKED)
  }
  /** Jobs that are done so far. */
  get done(): number {
    return Atomics.load(this.#counters, DONE)
  }

  /** What went wrong in the other thread, as JSON; null while nothing has. */
  get failure(): unknown {
    return this.#failure.get()
  }

  /** The first failure stands; nothing that was asked for before or will be is done. */
  fail(error: object): void {
    this.#failure.set(error)
    Atomics.notify(this.#counters, DONE)
  }

  /** Returns the number by which `done` tells that this job is over. Waits while the ring is full. */
  ask(job: SpoolJob): number {
    this.waitBeyond(this.asked - RING)
    const number = this.asked
    const at = (number % RING) * FIELDS
    const fields = 'buffer' in job ? [job.buffer, job.start, extent(job), releasedOf(job)] : [0, 0, 0, 0]
    this.#ring.set([TYPES.indexOf(job.type), ...fields], at)
    Atomics.add(this.#counters, ASKED, 1)
    Atomics.notify(this.#counters, ASKED)
    return number + 1
  }

  /** Blocks until more than `done` jobs are done, or something failed. */
  waitBeyond(done: number): void {
    for (let now = this.done; now <= done && this.failure === null; now = this.done) {
      Atomics.wait(this.#counters, DONE, now, 1000)
    }
  }

  /** The next job, in order; blocks until there is one. */
  take(): SpoolJob {
    const done = this.done
    while (this.asked === done) Atomics.wait(this.#counters, ASKED, done, 60_000)
    const fields = this.#ring.subarray((done % RING) * FIELDS)
    const [type = 0, buffer = 0, start = 0, length = 0, released = 0] = fields
    switch (TYPES[type]) {
      case 'chunks':
        return { type: 'chunks', buffer, start, whole: length }
      case 'root':
        return { type: 'root', buffer, start, length }
      case 'write':
        return { type: 'write', buffer, start, size: length }
      case 'sync':
        return { type: 'sync', buffer, start, size: length, released }
      case 'seal':
        return { type: 'seal' }
      default:
        return { type: 'close' }
    }
  }

  /** The job that was taken last is over. */
  finish(): void {
    Atomics.add(this.#counters, DONE, 1)
    Atomics.notify(this.#counters, DONE)
  }
}

const releasedOf = (job: SpoolJob): number => (job.type === 'sync' ? job.released : 0)

const extent = (job: Extract<SpoolJob, { buffer: number }>): number => {
  if (job.type === 'chunks') return job.whole
  return job.type === 'root' ? job.length : job.size
}
