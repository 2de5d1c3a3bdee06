interface Waiting<T> {
  item: T
  resolve: () => void
  reject: (error: unknown) => void
}

/**
 * Many writers, one fsync: items that arrive while a commit runs go together into the next one, and each `add` resolves
 * only when its item's commit is done (flow 9: an acknowledgement waits for its group).
 */
export class GroupCommit<T> {
  readonly #commit: (items: T[]) => Promise<void>
  #waiting: Waiting<T>[] = []
  #running = false

  constructor(commit: (items: T[]) => Promise<void>) {
    this.#commit = commit
  }

  add(item: T): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject })
      if (!this.#running) void this.#run()
    })
  }

  async #run(): Promise<void> {
    this.#running = true
    while (this.#waiting.length > 0) {
      const group = this.#waiting
      this.#waiting = []
      try {
        await this.#commit(group.map(({ item }) => item))
        for (const { resolve } of group) resolve()
      } catch (error) {
        // After a failed fsync the kernel may have thrown away pages that others wrote and not yet synced: a later
        // fsync that succeeds proves nothing for them.
        const alsoWritten = this.#waiting
        this.#waiting = []
        for (const { reject } of [...group, ...alsoWritten]) reject(error)
      }
    }
    this.#running = false
  }
}
