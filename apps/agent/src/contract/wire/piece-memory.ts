/** Of deliveries that are over. Left to the garbage collector, 12 MiB of each would still be there beside those of the next one. */
const spare: Buffer[] = []
const MOST_SPARE = 3

/** Memory for the pieces of one delivery. */
export class PieceMemory {
  readonly #taken: Buffer[] = []

  take(bytes: number): Buffer {
    const index = spare.findIndex(({ length }) => length === bytes)
    const memory = (index >= 0 && spare.splice(index, 1)[0]) || Buffer.allocUnsafeSlow(bytes)
    this.#taken.push(memory)
    return memory
  }

  /**
   * Once nothing is read into it any more and the connections are closed: a miner that answers before it has read all would be sent what comes
   * into this memory next.
   */
  release(): void {
    for (const memory of this.#taken.splice(0)) if (spare.length < MOST_SPARE) spare.push(memory)
  }
}
