import { writeSync } from 'node:fs'
import { closeDirect, openDirect, refusesDirect } from './direct-io.ts'
import { pageMemory } from './page-memory.ts'

const PAGE = 4096
const STAGE = 4 * 1024 * 1024

/** Of this thread, between two writers: made once. */
let stage: Buffer | null = null

/**
 * Writes one new file from start to end around the page cache, in large pieces; where that can't be (`direct-io.ts`) with
 * plain writes. What was written is there after `finish`; `close` comes before `fd` is closed, finished or not.
 */
export class DirectWriter {
  readonly #fd: number
  #direct: number | null
  #stage: Buffer | null = null
  #staged = 0
  #position = 0

  constructor(fd: number) {
    this.#fd = fd
    this.#direct = openDirect(fd, 'read and write')
    if (this.#direct === null) return
    this.#stage = stage ?? pageMemory(STAGE)
    stage = null
  }

  write(data: Uint8Array): void {
    const memory = this.#stage
    if (memory === null) {
      this.#plain(data)
      return
    }
    for (let at = 0; at < data.length; ) {
      const part = data.subarray(at, at + STAGE - this.#staged)
      memory.set(part, this.#staged)
      this.#staged += part.length
      at += part.length
      if (this.#staged === STAGE) this.#flush(memory)
    }
  }

  finish(): void {
    if (this.#stage !== null) this.#flush(this.#stage)
  }

  close(): void {
    closeDirect(this.#direct)
    this.#direct = null
    if (this.#stage !== null) stage = this.#stage
    this.#stage = null
  }

  #flush(memory: Buffer): void {
    const whole = this.#staged - (this.#staged % PAGE)
    let at = 0
    if (this.#direct !== null && whole > 0 && this.#position % PAGE === 0) {
      try {
        at = writeSync(this.#direct, memory, 0, whole, this.#position)
        this.#position += at
      } catch (error) {
        if (!refusesDirect(error)) throw error
        closeDirect(this.#direct)
        this.#direct = null
      }
    }
    this.#plain(memory.subarray(at, this.#staged))
    this.#staged = 0
  }

  #plain(data: Uint8Array): void {
    for (let at = 0; at < data.length; ) {
      const written = writeSync(this.#fd, data, at, data.length - at, this.#position)
      at += written
      this.#position += written
    }
  }
}
