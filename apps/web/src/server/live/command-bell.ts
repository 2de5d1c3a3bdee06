import { agentsWithQueued, COMMANDS_CHANNEL } from '@dmc/db/agents/commands'
import type { Database } from '@dmc/db/open-database'

/** A message may be missed; rows are looked at this often anyway, for all agents at once. */
const LOOK_MS = 15_000

/** Rings when an agent has a new command row, whichever instance wrote it. */
export class CommandBell {
  readonly #waiting = new Map<string, Set<() => void>>()
  #close: () => Promise<void> = async () => {}

  static async open(db: Database): Promise<CommandBell> {
    const bell = new CommandBell()
    const stop = await db.listen(COMMANDS_CHANNEL, (agentId) => {
      for (const each of agentId === null ? [...bell.#waiting.keys()] : [agentId]) bell.#ring(each)
    })
    const look = async () => {
      for (const agentId of await agentsWithQueued(db, new Date())) bell.#ring(agentId)
    }
    // a database that is away is asked again the next time
    const timer = setInterval(() => void look().catch(() => {}), LOOK_MS)
    timer.unref()
    bell.#close = async () => {
      clearInterval(timer)
      await stop()
    }
    return bell
  }

  #ring(agentId: string): void {
    for (const ring of [...(this.#waiting.get(agentId) ?? [])]) ring()
  }

  /** Arm it before the rows are read, then wait: nothing that comes in between is missed. */
  arm(agentId: string, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const waiting = this.#waiting.get(agentId) ?? new Set()
      this.#waiting.set(agentId, waiting)
      const done = () => {
        signal.removeEventListener('abort', done)
        waiting.delete(done)
        if (waiting.size === 0) this.#waiting.delete(agentId)
        resolve()
      }
      waiting.add(done)
      signal.addEventListener('abort', done, { once: true })
      if (signal.aborted) done()
    })
  }

  close(): Promise<void> {
    return this.#close()
  }
}
