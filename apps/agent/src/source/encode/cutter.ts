import { CUT_MAX } from '@dmc/core/log/chunker'
import { CutFinder } from '@dmc/core/log/cut-finder'

/** Chunks are cut in groups, once so many bytes are there: about eight of average size. */
const GROUP = 3 * CUT_MAX
/** Room for a group, and as much as is read at once. */
const SIZE = GROUP + CUT_MAX

export interface Cut {
  chunk: Buffer
  /** Offset of its first byte in the stream. */
  at: number
}

/**
 * Cuts a stream of bytes by content, out of one buffer that is filled in place. Offsets count from the first byte of
 * the stream.
 */
export class Cutter {
  readonly #finder: CutFinder
  readonly #buffer: Buffer
  readonly #onChunks: (cuts: Cut[]) => void
  #start = 0
  #end = 0
  /** Stream offset of the buffer's byte at `#start`. */
  #offset = 0

  /** @param onChunks several chunks in order; their memory is written over afterwards */
  constructor(gear: Int32Array, onChunks: (cuts: Cut[]) => void) {
    this.#finder = new CutFinder(gear, SIZE)
    const { data } = this.#finder
    this.#buffer = Buffer.from(data.buffer, data.byteOffset, data.length)
    this.#onChunks = onChunks
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
    if (this.#end - this.#start >= GROUP) this.#cut(CUT_MAX)
  }

  /** The stream ends here: everything left is cut. The next byte begins a new stream at offset 0 when `restart`. */
  flush(restart = true): void {
    this.#cut(1)
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

  /** Cuts while at least `least` bytes are left: with fewer than CUT_MAX a cut could come out otherwise than with more. */
  #cut(least: number): void {
    const cuts: Cut[] = []
    while (this.#end - this.#start >= least) {
      const end = this.#finder.find(this.#start, this.#end)
      const chunk = this.#buffer.subarray(this.#start, end)
      cuts.push({ chunk, at: this.#offset })
      this.#offset += chunk.length
      this.#start = end
    }
    if (cuts.length > 0) this.#onChunks(cuts)
  }
}
