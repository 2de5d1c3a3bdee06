/**
 * What the caller's thread tells the encode worker while that works synchronously: a few numbers in shared memory.
 * The worker sleeps on `WAKE` when the spool is full.
 */
const STOP = 0
const WAKE = 1
const RELEASED = 1 // index of a 64-bit slot: bytes 8..15

export class Control {
  readonly memory: SharedArrayBuffer
  readonly #flags: Int32Array
  readonly #sizes: BigInt64Array

  constructor(memory: SharedArrayBuffer = new SharedArrayBuffer(16)) {
    this.memory = memory
    this.#flags = new Int32Array(memory)
    this.#sizes = new BigInt64Array(memory)
  }

  get stopped(): boolean {
    return Atomics.load(this.#flags, STOP) === 1
  }

  stop(): void {
    Atomics.store(this.#flags, STOP, 1)
    this.#wake()
  }

  /** Log size that the other side holds durably. */
  get released(): number {
    return Number(Atomics.load(this.#sizes, RELEASED))
  }

  release(size: number): void {
    if (BigInt(size) > Atomics.load(this.#sizes, RELEASED)) Atomics.store(this.#sizes, RELEASED, BigInt(size))
    this.#wake()
  }

  /** Blocks this thread until the other side stops or releases something, at most `ms`. */
  sleep(ms: number): void {
    const seen = Atomics.load(this.#flags, WAKE)
    if (!this.stopped) Atomics.wait(this.#flags, WAKE, seen, ms)
  }

  #wake(): void {
    Atomics.add(this.#flags, WAKE, 1)
    Atomics.notify(this.#flags, WAKE)
  }
}
