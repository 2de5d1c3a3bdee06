import type { MarketReader, OrderOnChain } from '@dmc/core/chain/types'

const MOST = 1024

/** Orders as the chain has them, not older than asked: a peer can't make this host ask its node for each request. */
export class OrderCache {
  readonly #reader: MarketReader
  readonly #known = new Map<bigint, { at: number; order: Promise<OrderOnChain> }>()

  constructor(reader: MarketReader) {
    this.#reader = reader
  }

  /** With `maxAgeMs` 0 the chain is asked in any case. */
  get(orderId: bigint, maxAgeMs: number): Promise<OrderOnChain> {
    const now = performance.now()
    const known = this.#known.get(orderId)
    if (known && now - known.at < maxAgeMs) return known.order
    const order = this.#reader.order(orderId)
    this.#known.delete(orderId)
    this.#known.set(orderId, { at: now, order })
    order.catch(() => this.#known.delete(orderId))
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= MOST) break
      this.#known.delete(oldest)
    }
    return order
  }
}
