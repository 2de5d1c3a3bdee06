/** Places in the memory, in 32-bit numbers; the message lies behind them. */
const FAILED = 0
const LENGTH = 1
const TEXT_AT = 8
const TEXT_BYTES = 8 * 1024
/** Bytes that it takes. */
export const FAILURE_BYTES = TEXT_AT + TEXT_BYTES

const TOO_LONG = JSON.stringify({
  code: 'BUG',
  message: 'A thread of the backup failed with more to say than fits.',
  hint: 'Run the backup again: it goes on where it stopped. Then report this.',
})

/** The first failure of threads that work together, in memory that they share: they work synchronously, so no message would be heard. */
export class SharedFailure {
  readonly #numbers: Int32Array
  readonly #text: Uint8Array

  /** @param at a multiple of 4; FAILURE_BYTES from there are its own */
  constructor(memory: SharedArrayBuffer, at: number) {
    this.#numbers = new Int32Array(memory, at, 2)
    this.#text = new Uint8Array(memory, at + TEXT_AT, TEXT_BYTES)
  }

  /** What went wrong, as JSON; null while nothing has. */
  get(): unknown {
    if (Atomics.load(this.#numbers, FAILED) === 0) return null
    return JSON.parse(Buffer.from(this.#text.slice(0, Atomics.load(this.#numbers, LENGTH))).toString())
  }

  /** The first one stands. */
  set(error: object): void {
    if (Atomics.load(this.#numbers, FAILED) === 1) return
    const text = Buffer.from(JSON.stringify(error))
    const fits = text.length <= TEXT_BYTES ? text : Buffer.from(TOO_LONG)
    this.#text.set(fits)
    Atomics.store(this.#numbers, LENGTH, fits.length)
    Atomics.store(this.#numbers, FAILED, 1)
  }
}
