type Release = () => void

/**
 * Writes share, everything that changes what counts (session, seal, commitment, deletion) excludes. First come, first
 * served, so that neither side starves. Writers of the same chunk go one after another (`chunks`).
 */
export class OrderLock {
  readonly #queue: { exclusive: boolean; enter: () => void }[] = []
  readonly #spans: (readonly [first: number, last: number])[] = []
  readonly #spanWaiters: (() => void)[] = []
  #shared = 0
  #exclusive = false

  shared<T>(work: () => Promise<T>): Promise<T> {
    return this.#run(false, work)
  }

  exclusive<T>(work: () => Promise<T>): Promise<T> {
    return this.#run(true, work)
  }

  /** Runs `work` while nobody else works on a chunk from `first` to `last`. */
  async chunks<T>(first: number, last: number, work: () => Promise<T>): Promise<T> {
    const taken = () => this.#spans.some((span) => span[0] <= last && first <= span[1])
    while (taken()) await new Promise<void>((resolve) => this.#spanWaiters.push(resolve))
    const span = [first, last] as const
    this.#spans.push(span)
    try {
      return await work()
    } finally {
      this.#spans.splice(this.#spans.indexOf(span), 1)
      for (const wake of this.#spanWaiters.splice(0)) wake()
    }
  }

  async #run<T>(exclusive: boolean, work: () => Promise<T>): Promise<T> {
    const leave = await this.#enter(exclusive)
    try {
      return await work()
    } finally {
      leave()
    }
  }

  #enter(exclusive: boolean): Promise<Release> {
    return new Promise((resolve) => {
      const enter = () => {
        if (exclusive) this.#exclusive = true
        else this.#shared++
        resolve(() => {
          if (exclusive) this.#exclusive = false
          else this.#shared--
          this.#serve()
        })
      }
      this.#queue.push({ exclusive, enter })
      this.#serve()
    })
  }

  #serve(): void {
    for (;;) {
      const next = this.#queue[0]
      if (!next || this.#exclusive || (next.exclusive && this.#shared > 0)) return
      this.#queue.shift()
      next.enter()
    }
  }
}
