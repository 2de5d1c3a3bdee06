import { CUT_MAX } from '@dmc/core/log/chunker'
import { type CutRoom, WORD } from './cut-room.ts'

export interface Cut {
  chunk: Buffer
  /** Offset of its first byte in the stream. */
  at: number
}

/** Where a cutter gets memory. */
export interface CutRooms {
  /** Bytes of a room that may come after a group. */
  readonly behind: number
  /** To be filled next. May be the same again once its chunks are stored. */
  next(): CutRoom
  /** False: the chunks of a room are stored when `onChunks` returns, and what else is in it stays where it is. */
  readonly handsOn: boolean
}

/**
 * Cuts a stream of bytes by content, out of memory that is filled in place. Offsets count from the first byte of
 * the stream.
 */
export class Cutter {
  readonly #rooms: CutRooms
  readonly #onChunks: (cuts: Cut[], room: CutRoom) => void
  #current: CutRoom | null = null
  #start = 0
  #end = 0
  /** The bytes that are held lie from here to `#to`, behind the stream's end. */
  #from = 0
  #to = 0
  /** Stream offset of the buffer's byte at `#start`. */
  #offset = 0

  /** @param onChunks several chunks in order, and the room they lie in, which is the caller's until it is `next` again */
  constructor(rooms: CutRooms, onChunks: (cuts: Cut[], room: CutRoom) => void) {
    this.#rooms = rooms
    this.#onChunks = onChunks
  }

  /** Bytes that entered the stream. */
  get streamEnd(): number {
    return this.#offset + this.#end - this.#start
  }

  /** So much is held or read at once, at most. */
  get behind(): number {
    return this.#rooms.behind
  }

  /** Space for at least `length` further bytes; with what is held, at most `behind`. Nothing has entered until `commit` or `take`. */
  space(length: number): Buffer {
    const { buffer } = this.#room
    if (buffer.length - this.#to < length) {
      const from = wordBefore(this.#start)
      buffer.copyWithin(0, from, this.#to)
      this.#moved(from)
    }
    return buffer.subarray(this.#to)
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

  /** `length` of the bytes that are held, from the `at`-th on. They move with the next call of `space` or `take`. */
  held(at: number, length: number): Buffer {
    return this.#room.buffer.subarray(this.#from + at, this.#from + at + length)
  }

  /** The first `length` bytes that are held enter the stream. */
  take(length: number): void {
    const { buffer, group } = this.#room
    if (this.#from > this.#end) buffer.copyWithin(this.#end, this.#from, this.#from + length)
    this.#end += length
    this.drop(length)
    if (this.#end - this.#start >= group) this.#cut()
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
    this.#cut({ toTheEnd: true })
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

  get #room(): CutRoom {
    this.#current ??= this.#rooms.next()
    return this.#current
  }

  /**
   * Cuts what is sure to be cut there. A place that is found stays one, whatever follows; only where none is found before the bytes end
   * could there be one in the next, unless a chunk is as long as it may be.
   */
  #cut({ toTheEnd = false } = {}): void {
    const room = this.#room
    const cuts: Cut[] = []
    while (this.#start < this.#end) {
      const end = room.finder.find(this.#start, this.#end)
      if (end === this.#end && !toTheEnd && end - this.#start < CUT_MAX) break
      const chunk = room.buffer.subarray(this.#start, end)
      cuts.push({ chunk, at: this.#offset })
      this.#offset += chunk.length
      this.#start = end
    }
    if (cuts.length === 0) return
    if (this.#rooms.handsOn) this.#leave(room)
    this.#onChunks(cuts, room)
  }

  /** What is not cut moves on. */
  #leave(room: CutRoom): void {
    const from = wordBefore(this.#start)
    this.#current = null
    if (this.#start < this.#to) {
      this.#current = this.#rooms.next()
      room.buffer.copy(this.#current.buffer, 0, from, this.#to)
    }
    this.#moved(from)
  }

  /** Everything lies `by` bytes nearer to the start of its memory. */
  #moved(by: number): void {
    this.#start -= by
    this.#end -= by
    this.#from -= by
    this.#to -= by
  }
}

/** Bytes keep their place within a word: others are moved one by one where threads share the memory. */
const wordBefore = (at: number): number => at - (at % WORD)
