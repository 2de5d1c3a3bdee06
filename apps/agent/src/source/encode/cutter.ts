import { CUT_MAX } from '@dmc/core/log/chunker'
import { CutFinder } from '@dmc/core/log/cut-finder'

/** Room for the largest chunk and as much again to read ahead. */
const SIZE = 3 * CUT_MAX

/**
 * Cuts a stream of bytes by content, out of one buffer that is filled in place. Offsets count from the first byte of
 * the stream.
 */
export class Cutter {
  readonly #finder: CutFinder
  readonly #buffer: Buffer
  readonly #onChunk: (chunk: Buffer, streamOffset: number) => void
  #start = 0
  #end = 0
  /** Stream offset of the buffer's byte at `#start`. */
  #offset = 0

  constructor(gear: Int32Array, onChunk: (chunk: Buffer, streamOffset: number) => void) {
    this.#finder = new CutFinder(gear, SIZE)
    const { data } = this.#finder
    this.#buffer = Buffer.from(data.buffer, data.byteOffset, data.length)
    this.#onChunk = onChunk
  }

  /** Bytes that entered the stream. */
  get streamEnd(): number {
    return this.#offset + this.#end - this.#start
  }

  /** Space for at least `length` (at most CUT_MAX) further bytes; nothing has entered until `commit`. */
  space(length: number): Buffer {
    if (SIZE - this.#end < length) {
      this.#buffer.copyWithin(0, this.#start, this.#end)
      this.#end -= this.#start
      this.#start = 0
    }
    return this.#buffer.subarray(this.#end)
  }

  commit(length: number): void {
    this.#end += length
    while (this.#end - this.#start >= CUT_MAX) this.#cut()
  }

  /** The stream ends here: everything left is cut. The next byte begins a new stream at offset 0 when `restart`. */
  flush(restart = true): void {
    while (this.#end > this.#start) this.#cut()
    this.#start = 0
    this.#end = 0
    if (restart) this.#offset = 0
  }

  /** Forgets what has not been cut, and begins a new stream. */
  reset(): void {
    this.#start = 0
    this.#end = 0
    this.#offset = 0
  }

  #cut(): void {
    const end = this.#finder.find(this.#start, this.#end)
    const chunk = this.#buffer.subarray(this.#start, end)
    const at = this.#offset
    this.#offset += chunk.length
    this.#start = end
    this.#onChunk(chunk, at)
  }
}
