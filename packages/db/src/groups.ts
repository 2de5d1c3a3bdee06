import type { Database } from './open-database.ts'
import { isAboutData, isConflict } from './sql-state.ts'

interface Waiting<T, R> {
  item: T
  resolve: (result: R) => void
  reject: (error: unknown) => void
}

export interface GroupsOptions<T, R> {
  /** Does all of them in one transaction, or none; answers in their order. */
  run: (items: T[]) => Promise<R[]>
  /** Of items with the same key only the oldest goes into a group: the others see what it left. Default: no two are the same. */
  key?: (item: T) => string
  /** Items in a group: on PGlite everybody else waits for it. */
  most: number
  /**
   * Least time between the starts of two groups. A transaction costs the same for one item as for many, so under load it is better to
   * gather for a moment; after a quiet time the first one goes at once. Default: 0.
   */
  everyMs?: number
}

const TRIES = 3

/** What agents wait for in any case: a moment that nobody notices, and enough to gather many. */
export const GATHER_MS = 50

/**
 * Many writers, one transaction: what arrives while a group runs goes together into the next one, and each `add` resolves only when
 * its group is committed. An item that the database can't take is found by halving and fails alone; when the database itself is in
 * trouble, all of the group hear it.
 */
export class Groups<T, R> {
  readonly #options: GroupsOptions<T, R>
  #waiting: Waiting<T, R>[] = []
  #running = false
  #startedAt = Number.NEGATIVE_INFINITY

  constructor(options: GroupsOptions<T, R>) {
    this.#options = options
  }

  add(item: T): Promise<R> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject })
      if (!this.#running) void this.#runAll()
    })
  }

  async #runAll(): Promise<void> {
    this.#running = true
    const { everyMs = 0 } = this.#options
    while (this.#waiting.length > 0) {
      const early = this.#startedAt + everyMs - performance.now()
      if (early > 0) await new Promise((resolve) => setTimeout(resolve, early))
      this.#startedAt = performance.now()
      await this.#run(this.#next())
    }
    this.#running = false
  }

  #next(): Waiting<T, R>[] {
    const { key, most } = this.#options
    const group: Waiting<T, R>[] = []
    const later: Waiting<T, R>[] = []
    const taken = new Set<string>()
    for (const one of this.#waiting) {
      const name = key?.(one.item)
      if (group.length >= most || (name !== undefined && taken.has(name))) later.push(one)
      else {
        group.push(one)
        if (name !== undefined) taken.add(name)
      }
    }
    this.#waiting = later
    return group
  }

  /** Never throws: every item hears for itself. */
  async #run(group: Waiting<T, R>[]): Promise<void> {
    for (let tries = 1; ; tries++) {
      try {
        const results = await this.#options.run(group.map(({ item }) => item))
        group.forEach(({ resolve }, i) => {
          resolve(results[i] as R)
        })
        return
      } catch (error) {
        if (isConflict(error) && tries < TRIES) continue
        if (group.length === 1 || !isAboutData(error)) {
          for (const { reject } of group) reject(error)
          return
        }
        const half = group.length >> 1
        await this.#run(group.slice(0, half))
        await this.#run(group.slice(half))
        return
      }
    }
  }
}

/** One of something for each open database; gone with it. */
export function perDatabase<T>(make: (db: Database) => T): (db: Database) => T {
  const known = new WeakMap<Database, T>()
  return (db) => {
    const before = known.get(db)
    if (before !== undefined) return before
    const made = make(db)
    known.set(db, made)
    return made
  }
}
