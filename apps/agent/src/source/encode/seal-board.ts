import type { SharedMemory } from '../../disk/shared-memory.ts'
import { SealRoom } from './seal-room.ts'
import { FAILURE_BYTES, SharedFailure } from './shared-failure.ts'

/** Places in the 32-bit numbers. */
const RUNG = 0
const CLOSED = 1
const FAILURE_AT = 64

/** What the encode worker and those that seal for it share. */
export interface SharedBoard {
  control: SharedArrayBuffer
  rooms: SharedMemory[]
}

/** A board with so many rooms. */
export const makeSharedBoard = (rooms: number): SharedBoard => ({
  control: new SharedArrayBuffer(FAILURE_AT + FAILURE_BYTES),
  rooms: Array.from({ length: rooms }, () => new SealRoom().memory),
})

/** What the threads tell each other besides rooms: a bell, the end, and the first failure. */
export class SealBell {
  readonly #numbers: Int32Array
  readonly #failure: SharedFailure

  constructor(control: SharedArrayBuffer) {
    this.#numbers = new Int32Array(control)
    this.#failure = new SharedFailure(control, FAILURE_AT)
  }

  /** How often it rang. */
  get rung(): number {
    return Atomics.load(this.#numbers, RUNG)
  }

  ring(): void {
    Atomics.add(this.#numbers, RUNG, 1)
    Atomics.notify(this.#numbers, RUNG)
  }

  /** Until it has rung oftener than that. */
  waitBeyond(rung: number): void {
    Atomics.wait(this.#numbers, RUNG, rung, 60_000)
  }

  /** Nobody is asked any more; a room in work is finished first. */
  close(): void {
    Atomics.store(this.#numbers, CLOSED, 1)
    this.ring()
  }

  get closed(): boolean {
    return Atomics.load(this.#numbers, CLOSED) === 1
  }

  /** What went wrong in another thread, as JSON; null while nothing has. */
  get failure(): unknown {
    return this.#failure.get()
  }

  /** The first failure stands. */
  fail(error: object): void {
    this.#failure.set(error)
  }
}

/**
 * Rooms whose chunks wait to be hashed and sealed. The threads work synchronously, so they tell each other by atomics, not by messages.
 */
export class SealBoard extends SealBell {
  readonly rooms: SealRoom[]

  constructor({ control, rooms }: SharedBoard) {
    super(control)
    this.rooms = rooms.map((memory) => new SealRoom(memory))
  }

  /** The room that has waited longest, taken by this thread; null when none waits. */
  take(): SealRoom | null {
    for (;;) {
      let oldest: { room: SealRoom; number: number } | null = null
      for (const room of this.rooms) {
        const number = room.waiting
        if (number !== null && (oldest === null || number < oldest.number)) oldest = { room, number }
      }
      if (!oldest) return null
      if (oldest.room.take()) return oldest.room
    }
  }

  /** As `take`, but waits for one; null once the board is closed. */
  waitForRoom(): SealRoom | null {
    for (;;) {
      const { rung } = this
      if (this.closed) return null
      const room = this.take()
      if (room) return room
      this.waitBeyond(rung)
    }
  }
}
