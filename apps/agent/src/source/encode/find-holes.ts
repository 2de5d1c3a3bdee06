/** Holes are whole blocks of this size, so that a restored file takes no more than the source. */
export const HOLE_BLOCK = 4096
const WINDOW = 64 * 1024
const ZEROS = Buffer.alloc(WINDOW)
/** An entry lists at most so many holes of any size; after that only large ones, then none. */
const MANY = 4096
const LARGE = 1024 * 1024

/**
 * Collects the holes of one sparse file while it is read from its start: aligned runs of zeros. Node can't ask the
 * file system for its holes (SEEK_HOLE), so a run of zeros that is allocated counts as a hole as well.
 */
export class HoleFinder {
  /** offset, length, offset, length … */
  readonly holes: number[] = []
  /** Start and end of the run of zeros that is open. */
  #from = 0
  #to = 0

  /** Closes the last hole. */
  finish(): number[] {
    if (this.#to > this.#from) this.holes.push(this.#from, this.#to - this.#from)
    this.#from = this.#to
    return this.holes
  }

  /** The parts of `data` (which lies at `position`, a multiple of 4,096, in the file) that are not zero blocks. */
  *dataIn(data: Buffer, position: number): Generator<{ at: number; end: number }> {
    let start = -1
    for (let at = 0; at < data.length; ) {
      const wide = at + WINDOW <= data.length && ZEROS.equals(data.subarray(at, at + WINDOW))
      const step = wide ? WINDOW : Math.min(HOLE_BLOCK, data.length - at)
      const zero = wide || ZEROS.subarray(0, step).equals(data.subarray(at, at + step))
      if (zero && this.#mayGrow(position + at)) {
        if (start >= 0) yield { at: start, end: at }
        start = -1
        this.#grow(position + at, step)
      } else if (start < 0) start = at
      at += step
    }
    if (start >= 0) yield { at: start, end: data.length }
  }

  /** A run that is open may always grow; a new one only while there are not too many. */
  #mayGrow(position: number): boolean {
    if (position === this.#to && this.#to > this.#from) return true
    const count = this.holes.length / 2
    return count < MANY || (count < 2 * MANY && position % LARGE === 0)
  }

  #grow(position: number, length: number): void {
    if (position !== this.#to || this.#to === this.#from) {
      this.finish()
      this.#from = position
    }
    this.#to = position + length
  }
}
