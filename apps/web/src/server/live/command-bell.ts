import { COMMANDS_CHANNEL } from '@dmc/db/agents/commands'
import type { Database } from '@dmc/db/open-database'

/** A message may be missed; rows are looked at this often anyway. */
const LOOK_MS = 15_000

/** Rings when an agent has a new command row, whichever instance wrote it. */
export class CommandBell {
  readonly #waiting = new Map<string, Set<() => void>>()
  #close: () => Promise<void> = async () => {}

  static async open(db: Database): Promise<CommandBell> {
    const bell = new CommandBell()
    bell.#close = await db.listen(COMMANDS_CHANNEL, (agentId) => {
      const rung = agentId === null ? [...bell.#waiting.values()] : [bell.#waiting.get(agentId) ?? new Set()]
      for (const waiting of rung) for (const ring of [...waiting]) ring()
    })
    return bell
  }

  /** Arm it before the rows are read, then wait: nothing that comes in between is missed. */
  arm(agentId: string, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const waiting = this.#waiting.get(agentId) ?? new Set()
      this.#waiting.set(agentId, waiting)
      const done = () => {
        clearTimeout(timer)
        signal.removeEventListener('abort', done)
        waiting.delete(done)
        if (waiting.size === 0) this.#waiting.delete(agentId)
        resolve()
      }
      const timer = setTimeout(done, LOOK_MS)
      waiting.add(done)
      signal.addEventListener('abort', done, { once: true })
      if (signal.aborted) done()
    })
  }

  close(): Promise<void> {
    return this.#close()
  }
}
