import { write, writeSync } from 'node:fs'
import { closeDirect, openDirect, refusesDirect } from './direct-io.ts'
import { pageMemory } from './page-memory.ts'

const PAGE = 4096
const STAGE = 2 * 1024 * 1024

/** Of this thread, between two writers: made once. */
const stages: Buffer[] = []

/**
 * Writes one new file from start to end around the page cache, in large pieces; where that can't be (`direct-io.ts`) with
 * plain writes. While the disk takes one piece, the next one is gathered. What was written is there after `finish`. `close` comes
 * before `fd` is closed, finished or not, and is awaited: until then the disk may still be taking a piece.
 */
export class DirectWriter {
  readonly #fd: number
  #direct: number | null
  /** The one that is being filled, and the one that the disk takes. */
  #memory: [Buffer, Buffer] | null = null
  #staged = 0
  #position = 0
  #taking: Promise<void> | null = null

  constructor(fd: number) {
    this.#fd = fd
    this.#direct = openDirect(fd, 'read and write')
    if (this.#direct === null) return
    this.#memory = [stages.pop() ?? pageMemory(STAGE), stages.pop() ?? pageMemory(STAGE)]
  }

  /** `data` may be used again once it resolves. One call at a time. @throws what an earlier piece met, too */
  async write(data: Uint8Array): Promise<void> {
    if (this.#memory === null) {
      this.#plain(data)
      return
    }
    for (let at = 0; at < data.length; ) {
      const part = data.subarray(at, at + STAGE - this.#staged)
      this.#memory[0].set(part, this.#staged)
      this.#staged += part.length
      at += part.length
      if (this.#staged === STAGE) await this.#flush(this.#memory)
    }
  }

  async finish(): Promise<void> {
    if (this.#memory !== null) await this.#flush(this.#memory)
    await this.#taken()
  }

  async close(): Promise<void> {
    await this.#taken().catch(() => {}) // who asked for the bytes to be there has been told
    closeDirect(this.#direct)
    this.#direct = null
    if (this.#memory !== null) stages.push(...this.#memory)
    this.#memory = null
  }

  /** One piece after the other: a piece that could be written in part only decides where the next one begins. */
  async #flush(memory: [Buffer, Buffer]): Promise<void> {
    await this.#taken()
    const [filled, empty] = memory
    const piece = filled.subarray(0, this.#staged)
    this.#memory = [empty, filled]
    this.#staged = 0
    this.#taking = this.#give(piece)
    this.#taking.catch(() => {}) // told by whoever comes next
  }

  async #taken(): Promise<void> {
    const taking = this.#taking
    if (taking === null) return
    await taking
    if (this.#taking === taking) this.#taking = null
  }

  async #give(piece: Buffer): Promise<void> {
    const whole = piece.length - (piece.length % PAGE)
    let at = 0
    if (this.#direct !== null && whole > 0 && this.#position % PAGE === 0) {
      try {
        at = await writeSome(this.#direct, piece.subarray(0, whole), this.#position)
        this.#position += at
      } catch (error) {
        if (!refusesDirect(error)) throw error
        closeDirect(this.#direct)
        this.#direct = null
      }
    }
    this.#plain(piece.subarray(at))
  }

  #plain(data: Uint8Array): void {
    for (let at = 0; at < data.length; ) {
      const written = writeSync(this.#fd, data, at, data.length - at, this.#position)
      at += written
      this.#position += written
    }
  }
}

const writeSome = (fd: number, data: Buffer, position: number): Promise<number> =>
  new Promise((resolve, reject) => {
    write(fd, data, 0, data.length, position, (error, written) => {
      if (error) reject(error)
      else resolve(written)
    })
  })
