import { CUT_MAX } from '@dmc/core/log/chunker'
import { CutFinder } from '@dmc/core/log/cut-finder'

/** Chunks are cut in groups, once so many bytes are there: about five of average size. */
const GROUP = 2 * CUT_MAX
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
  /** The bytes that are held lie from here to `#to`, behind the stream's end. */
  #from = 0
  #to = 0
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

  /** Space for at least `length` further bytes; with what is held, at most CUT_MAX. Nothing has entered until `commit` or `take`. */
  space(length: number): Buffer {
    if (SIZE - this.#to < length) {
      this.#buffer.copyWithin(0, this.#start, this.#to)
      this.#end -= this.#start
      this.#from -= this.#start
      this.#to -= this.#start
      this.#start = 0
    }
    return this.#buffer.subarray(this.#to)
  }

  /** The next `length` bytes enter the stream. */
  commit(length: number): void {
    this.hold(length)
    this.take(length)
  }

  /** The next `length` bytes of the space stay where they are, until `take` or `drop` says what becomes of them. */
  hold(length: number): void {
    this.#to += length
  }

  /** `length` of the bytes that are held, from the `at`-th on. They move with the next call of `space`. */
  held(at: number, length: number): Buffer {
    return this.#buffer.subarray(this.#from + at, this.#from + at + length)
  }

  /** The first `length` bytes that are held enter the stream. */
  take(length: number): void {
    if (this.#from > this.#end) this.#buffer.copyWithin(this.#end, this.#from, this.#from + length)
    this.#end += length
    this.drop(length)
    if (this.#end - this.#start >= GROUP) this.#cut(CUT_MAX)
  }

  /** The first `length` bytes that are held are none of the stream's. */
  drop(length: number): void {
    this.#from += length
    if (this.#from < this.#to) return
    this.#from = this.#end
    this.#to = this.#end
  }

  /** The stream ends here: everything that entered is cut, and what is held begins a new stream at offset 0. */
  flush(): void {
    this.#cut(1)
    this.#offset = 0
    if (this.#from === this.#to) this.reset()
  }

  /** Forgets what has not been cut, and begins a new stream. */
  reset(): void {
    this.#start = 0
    this.#end = 0
    this.#from = 0
    this.#to = 0
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
