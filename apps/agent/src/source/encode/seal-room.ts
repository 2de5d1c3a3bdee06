import { CUT_DATA_AT } from '@dmc/core/log/cut-finder'
import { type SharedMemory, sharedMemory } from '../../disk/shared-memory.ts'
import { BEHIND, CutRoom, GROUP, WORD } from './cut-room.ts'
import type { Cut } from './cutter.ts'

/** A tag is written behind a chunk for a moment, even behind the last one. */
const PAD = 64

/** Where things lie in a room's memory; its first KiB is the cut finder's. */
const STATE_AT = 4096
const TABLE_AT = 8192
/** Of one chunk: start u32, length u32, sealed length i32 (-1: not sealed), blob id, nonce ‖ codec byte (sealed), tag. */
const ROW = 80
const ID_AT = 12
const HEAD_AT = 44
/** Bytes of a sealed body's nonce and codec byte, and of its tag. */
export const HEAD = 13
const TAG_AT = 60
export const TAG = 16

/** Places in the 32-bit numbers at STATE_AT. */
const STATE = 0
const COUNT = 1
const SEALING = 2
const NUMBER = 3

/** What becomes of a room: the encode thread fills it; another one takes it, unless the encode thread takes it back first. */
const FILLING = 0
const POSTED = 1
const TAKEN = 2
const DONE = 3

/** A sealed body: where its ciphertext lies in the room's memory, and what comes before and after it in the log. */
export interface SealedBody {
  at: number
  length: number
  /** Nonce and encrypted codec byte. */
  head: Uint8Array
  tag: Uint8Array
}

/**
 * Memory in which one thread finds the chunks of a stream and another one hashes and seals them, where they lie; plaintext that was sealed is
 * not there any more. Both see it through an object of this class each.
 */
export class SealRoom {
  readonly memory: SharedMemory
  readonly #state: Int32Array
  readonly #table: DataView
  /** The whole memory: places count from its first byte. */
  readonly bytes: Buffer

  constructor(memory: SharedMemory = sharedMemory(CUT_DATA_AT + GROUP + BEHIND + WORD + PAD)) {
    this.memory = memory
    this.#state = new Int32Array(memory.buffer, STATE_AT, 4)
    this.#table = new DataView(memory.buffer, TABLE_AT)
    this.bytes = Buffer.from(memory.buffer)
  }

  /** For the thread that cuts. */
  toCut(gear: Int32Array): CutRoom {
    return new CutRoom(gear, GROUP, BEHIND, this.memory)
  }

  /** Chunks of this room are ready for another thread. @param number by which the oldest is known @param sealing false: ids only */
  post(cuts: readonly Cut[], number: number, sealing: boolean): void {
    for (const [i, { chunk }] of cuts.entries()) {
      this.#table.setUint32(i * ROW, chunk.byteOffset, true)
      this.#table.setUint32(i * ROW + 4, chunk.length, true)
      this.#table.setInt32(i * ROW + 8, -1, true)
    }
    this.#state[COUNT] = cuts.length
    this.#state[SEALING] = sealing ? 1 : 0
    this.#state[NUMBER] = number
    Atomics.store(this.#state, STATE, POSTED)
  }

  /** By which the oldest of the rooms that wait is known; null: this one does not wait. */
  get waiting(): number | null {
    return Atomics.load(this.#state, STATE) === POSTED ? (this.#state[NUMBER] as number) : null
  }

  /** Exactly one thread gets true for each post. */
  take(): boolean {
    return Atomics.compareExchange(this.#state, STATE, POSTED, TAKEN) === POSTED
  }

  /** Everything is in the table. */
  done(): void {
    Atomics.store(this.#state, STATE, DONE)
    Atomics.notify(this.#state, STATE)
  }

  /** True once the thread that took it is done with it; false after `ms` at most. */
  waitDone(ms: number): boolean {
    if (Atomics.load(this.#state, STATE) === TAKEN) Atomics.wait(this.#state, STATE, TAKEN, ms)
    return Atomics.load(this.#state, STATE) === DONE
  }

  /** Nobody else looks at it any more. */
  reuse(): void {
    Atomics.store(this.#state, STATE, FILLING)
  }

  get sealing(): boolean {
    return this.#state[SEALING] === 1
  }

  /** Plain bytes of each chunk, as long as it is not sealed. */
  bodies(): Buffer[] {
    return Array.from({ length: this.#state[COUNT] as number }, (_, i) => {
      const at = this.#table.getUint32(i * ROW, true)
      return this.bytes.subarray(at, at + this.#table.getUint32(i * ROW + 4, true))
    })
  }

  setId(index: number, id: Uint8Array): void {
    this.bytes.set(id, this.#row(index) + ID_AT)
  }

  id(index: number): Uint8Array {
    const at = this.#row(index) + ID_AT
    return new Uint8Array(this.bytes.subarray(at, at + 32))
  }

  setSealed(index: number, length: number, head: Uint8Array, tag: Uint8Array): void {
    const at = this.#row(index)
    this.bytes.set(head, at + HEAD_AT)
    this.bytes.set(tag, at + TAG_AT)
    this.#table.setInt32(index * ROW + 8, length, true)
  }

  /** null: only its id is known. */
  sealed(index: number): SealedBody | null {
    const length = this.#table.getInt32(index * ROW + 8, true)
    if (length < 0) return null
    const row = this.#row(index)
    return {
      at: this.#table.getUint32(index * ROW, true),
      length,
      head: this.bytes.subarray(row + HEAD_AT, row + HEAD_AT + HEAD),
      tag: this.bytes.subarray(row + TAG_AT, row + TAG_AT + TAG),
    }
  }

  #row = (index: number): number => TABLE_AT + index * ROW
}
