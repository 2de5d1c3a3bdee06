import { randomUUID } from 'node:crypto'
import { type Answer, type Ask, type AskKind, answers } from '@dmc/core/dashboard/commands'
import { DmcError } from '@dmc/core/errors/dmc-error'
import { reviveError } from '@dmc/core/errors/to-dmc-error'

/** A question on its way: answered from the agent's memory to a screen, written down nowhere. */
export interface AskMessage {
  askId: string
  ask: Ask
}

export interface AgentLink {
  readonly linkId: string
  readonly agentId: string
  /** Closes the socket. */
  close(code: number, reason: string): void
}

interface Pending {
  agentId: string
  ask: Ask
  resolve(value: unknown): void
  reject(error: unknown): void
}

/** More questions than this at once to one agent are refused: it answers from a disk. */
const MOST_ASKS = 8
const PATIENCE_MS = 20_000

/** The agents whose sockets this process holds, and the questions to them. */
export class AgentLinks {
  readonly #links = new Map<string, AgentLink>()
  readonly #outbox = new Map<string, AskMessage[]>()
  readonly #wake = new Map<string, () => void>()
  readonly #pending = new Map<string, Pending>()

  /** A new socket of an agent takes the place of the one before. */
  add(link: AgentLink): void {
    const before = this.#links.get(link.agentId)
    this.#links.set(link.agentId, link)
    this.#outbox.set(link.agentId, [])
    before?.close(4409, 'a newer connection of this agent took over')
  }

  remove(link: AgentLink): void {
    if (this.#links.get(link.agentId)?.linkId !== link.linkId) return
    this.#links.delete(link.agentId)
    this.#outbox.delete(link.agentId)
    for (const [askId, pending] of this.#pending) {
      if (pending.agentId !== link.agentId) continue
      this.#pending.delete(askId)
      pending.reject(offline())
    }
  }

  get(agentId: string): AgentLink | undefined {
    return this.#links.get(agentId)
  }

  get all(): AgentLink[] {
    return [...this.#links.values()]
  }

  /** @throws AGENT_OFFLINE, TOO_MANY_REQUESTS, and what the agent refuses with */
  ask<K extends AskKind>(agentId: string, ask: Extract<Ask, { kind: K }>): Promise<Answer<K>> {
    const outbox = this.#outbox.get(agentId)
    if (!outbox) return Promise.reject(offline())
    const waiting = [...this.#pending.values()].filter((pending) => pending.agentId === agentId)
    if (waiting.length >= MOST_ASKS) {
      return Promise.reject(
        new DmcError('TOO_MANY_REQUESTS', 'The agent has enough questions to answer.', {
          hint: 'Wait a moment.',
        }),
      )
    }
    const askId = randomUUID()
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#pending.delete(askId)
        reject(
          new DmcError('AGENT_OFFLINE', `The agent did not answer within ${PATIENCE_MS / 1000} s.`, {
            hint: 'Try again; look at the agent’s journal if it stays so.',
          }),
        )
      }, PATIENCE_MS)
      const settle = () => clearTimeout(timer)
      this.#pending.set(askId, {
        agentId,
        ask,
        resolve: (value) => {
          settle()
          resolve(value as Answer<K>)
        },
        reject: (error) => {
          settle()
          reject(error)
        },
      })
      outbox.push({ askId, ask })
      this.#wake.get(agentId)?.()
    })
  }

  /** Takes an answer; what does not fit its question is refused. Answers to nothing are passed over. */
  answer(agentId: string, of: { askId: string; answer: unknown; error: unknown }): void {
    const pending = this.#pending.get(of.askId)
    if (!pending || pending.agentId !== agentId) return
    this.#pending.delete(of.askId)
    if (of.error !== null) {
      pending.reject(reviveError(of.error))
      return
    }
    const checked = answers[pending.ask.kind].safeParse(of.answer)
    if (checked.success) pending.resolve(checked.data)
    else {
      pending.reject(
        new DmcError('DASHBOARD_REFUSED', 'The agent’s answer is not of the kind that was asked for.', {
          hint: 'Upgrade the agent: npx dmc-agent@latest.',
        }),
      )
    }
  }

  /** The questions for one socket, as they come. */
  async *asks(agentId: string, signal: AbortSignal): AsyncGenerator<AskMessage> {
    while (!signal.aborted) {
      const next = this.#outbox.get(agentId)?.shift()
      if (next) yield next
      else {
        await new Promise<void>((resolve) => {
          this.#wake.set(agentId, resolve)
          signal.addEventListener('abort', () => resolve(), { once: true })
        })
      }
    }
  }
}

const offline = (): DmcError =>
  new DmcError('AGENT_OFFLINE', 'The agent is not connected.', {
    hint: 'Start it on its host: dmc-agent run',
  })
