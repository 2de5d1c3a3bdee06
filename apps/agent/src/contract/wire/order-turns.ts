interface Order {
  /** Bytes in work. */
  inWork: number
  waiting: { bytes: number; start: () => void }[]
}

/**
 * How much of one order is in work at once: more connections, or larger requests, bring an order no larger share of memory,
 * disk and processor than another one has. First come, first served within an order.
 */
export class OrderTurns {
  readonly #most: number
  readonly #orders = new Map<bigint, Order>()

  /** @param most bytes of an order; a transfer that is larger goes alone */
  constructor(most: number) {
    this.#most = most
  }

  /** Resolves with what ends the turn; calling that again does nothing. */
  async take(orderId: bigint, bytes: number): Promise<() => void> {
    const order = this.#orders.get(orderId) ?? { inWork: 0, waiting: [] }
    this.#orders.set(orderId, order)
    await new Promise<void>((start) => {
      order.waiting.push({ bytes, start })
      this.#serve(orderId, order)
    })
    let ended = false
    return () => {
      if (ended) return
      ended = true
      order.inWork -= bytes
      this.#serve(orderId, order)
    }
  }

  #serve(orderId: bigint, order: Order): void {
    for (let next = order.waiting[0]; next; next = order.waiting[0]) {
      if (order.inWork > 0 && order.inWork + next.bytes > this.#most) return
      order.waiting.shift()
      order.inWork += next.bytes
      next.start()
    }
    if (order.inWork === 0) this.#orders.delete(orderId)
  }
}
