/** At most so many things at once; the others wait in order. */
export class Slots {
  #left: number
  readonly #waiting: (() => void)[] = []

  constructor(count: number) {
    this.#left = count
  }

  async take(): Promise<void> {
    if (this.#left > 0) {
      this.#left--
      return
    }
    await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }

  free(): void {
    const next = this.#waiting.shift()
    if (next) next()
    else this.#left++
  }
}

/** Counts what is under way; `zero` resolves when nothing is. */
export class Tally {
  #count = 0
  #waiting: (() => void)[] = []

  add(): void {
    this.#count++
  }

  done(): void {
    this.#count--
    if (this.#count > 0) return
    for (const resolve of this.#waiting.splice(0)) resolve()
  }

  async zero(): Promise<void> {
    if (this.#count === 0) return
    await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }
}
