import type { DmcError } from '@dmc/core/errors/dmc-error'

const EVERY_MS = 3600 * 1000
const MOST = 10_000

/**
 * For work that is tried again and again: says when a trouble is worth a line in the journal. A trouble that stays is
 * told once an hour for each subject and code, since its words (balances, prices, times) differ from one try to the next.
 */
export class TellOnce {
  readonly #told = new Map<string, number>()
  readonly #now: () => number

  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  /** True the first time, and again after an hour. */
  isNews(subject: string, { code }: Pick<DmcError, 'code'>): boolean {
    const key = `${subject} ${code}`
    const now = this.#now()
    const at = this.#told.get(key)
    if (at !== undefined && now - at < EVERY_MS) return false
    this.#told.delete(key)
    this.#told.set(key, now)
    for (const oldest of this.#told.keys()) {
      if (this.#told.size <= MOST) break
      this.#told.delete(oldest)
    }
    return true
  }
}
