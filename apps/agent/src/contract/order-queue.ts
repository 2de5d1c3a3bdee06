/** Runs the work of one order one after another; different orders side by side. */
export class OrderQueue {
  readonly #tails = new Map<bigint, Promise<unknown>>()

  run<T>(orderId: bigint, work: () => Promise<T>): Promise<T> {
    const result = (this.#tails.get(orderId) ?? Promise.resolve()).then(work, work)
    const tail = result.catch(() => {})
    this.#tails.set(orderId, tail)
    tail.then(() => {
      if (this.#tails.get(orderId) === tail) this.#tails.delete(orderId)
    })
    return result
  }

  /** Resolves when everything queued so far has ended. */
  async idle(): Promise<void> {
    await Promise.all(this.#tails.values())
  }
}
