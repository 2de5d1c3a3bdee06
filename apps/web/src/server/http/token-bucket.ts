/** So many at once, and so many per second, for each key; keys that have been quiet are forgotten. */
export class TokenBuckets {
  readonly #burst: number
  readonly #perSecond: number
  readonly #levels = new Map<string, { level: number; at: number }>()

  constructor({ burst, perSecond }: { burst: number; perSecond: number }) {
    this.#burst = burst
    this.#perSecond = perSecond
  }

  /** True when one more is allowed now. */
  take(key: string, amount = 1, now = performance.now()): boolean {
    const before = this.#levels.get(key)
    const level = before
      ? Math.min(this.#burst, before.level + ((now - before.at) / 1000) * this.#perSecond)
      : this.#burst
    const allowed = level >= amount
    this.#levels.set(key, { level: allowed ? level - amount : level, at: now })
    if (this.#levels.size > 20_000) this.#forget(now)
    return allowed
  }

  #forget(now: number): void {
    for (const [key, { level, at }] of this.#levels) {
      if (level + ((now - at) / 1000) * this.#perSecond >= this.#burst) this.#levels.delete(key)
    }
    // a flood of addresses must not become a flood of memory
    if (this.#levels.size > 20_000) this.#levels.clear()
  }
}
