import { DmcError } from '@dmc/core/errors/dmc-error'
import { HASH_SIZE } from '@dmc/core/merkle/constants'

/** Takes `siblings count u16 ‖ siblings ‖ data` as it comes off the wire: the data straight into its final memory. */
export class ProvenSink {
  readonly mostSiblings: number
  readonly #into: readonly Buffer[]
  readonly #dataLength: number
  #prefix = Buffer.alloc(2)
  #prefixAt = 0
  #target = 0
  #targetAt = 0

  constructor(mostSiblings: number, into: readonly Buffer[]) {
    this.mostSiblings = mostSiblings
    this.#into = into
    this.#dataLength = into.reduce((sum, buffer) => sum + buffer.length, 0)
  }

  /** For another attempt. */
  reset(): void {
    this.#prefix = Buffer.alloc(2)
    this.#prefixAt = 0
    this.#target = 0
    this.#targetAt = 0
  }

  get siblings(): Uint8Array[] {
    const count = (this.#prefix.length - 2) / HASH_SIZE
    return Array.from({ length: count }, (_, i) =>
      this.#prefix.subarray(2 + i * HASH_SIZE, 2 + (i + 1) * HASH_SIZE),
    )
  }

  /** The data, when there is one buffer for it. */
  get only(): Buffer {
    return this.#into[0] ?? Buffer.alloc(0)
  }

  /** @param length of the whole reply @throws PEER_PROTOCOL when it can't be what was asked for */
  take(chunk: Buffer, length: number): void {
    let at = 0
    while (this.#prefixAt < this.#prefix.length && at < chunk.length) {
      const part = chunk.subarray(at, at + this.#prefix.length - this.#prefixAt)
      this.#prefix.set(part, this.#prefixAt)
      this.#prefixAt += part.length
      at += part.length
      if (this.#prefixAt === 2 && this.#prefix.length === 2) this.#growPrefix(length)
    }
    while (at < chunk.length) {
      const target = this.#into[this.#target]
      if (!target) throw wrongLength(length)
      const part = chunk.subarray(at, at + target.length - this.#targetAt)
      target.set(part, this.#targetAt)
      at += part.length
      this.#targetAt += part.length
      if (this.#targetAt === target.length) {
        this.#target++
        this.#targetAt = 0
      }
    }
  }

  #growPrefix(length: number): void {
    const count = this.#prefix.readUInt16BE(0)
    const whole = 2 + count * HASH_SIZE
    if (count > this.mostSiblings || length !== whole + this.#dataLength) throw wrongLength(length)
    const prefix = Buffer.alloc(whole)
    prefix.set(this.#prefix)
    this.#prefix = prefix
  }
}

const wrongLength = (length: number) =>
  new DmcError('PEER_PROTOCOL', `The miner's reply of ${length} bytes is not the range that was asked for.`, {
    hint: 'Check both agents’ versions; restore from another copy.',
  })
