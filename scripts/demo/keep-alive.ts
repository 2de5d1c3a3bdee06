/** What can be started again. */
export interface Restartable {
  readonly name: string
  readonly running: boolean
  start(): Promise<unknown>
}

export interface KeptAlive {
  /** Resolves when nothing is being started any more; what ends from now on stays so. */
  end(): Promise<void>
}

/** Looks at each of them every `everyMs` and starts again what has ended; `say` is told. */
export function keepAlive(
  all: readonly Restartable[],
  say: (line: string) => void,
  everyMs: number,
): KeptAlive {
  let ended = false
  let look = Promise.resolve()
  const start = async () => {
    for (const one of all) {
      if (one.running || ended) continue
      say(`The ${one.name} agent ended; starting it again.`)
      await one.start().catch((error: unknown) => say(String(error)))
    }
  }
  const timer = setInterval(() => {
    look = look.then(start)
  }, everyMs)
  return {
    end() {
      ended = true
      clearInterval(timer)
      return look
    },
  }
}
