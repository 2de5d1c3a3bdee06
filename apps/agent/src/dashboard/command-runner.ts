import type { DeliveredCommand } from '@dmc/core/dashboard/commands'
import type { Report } from '@dmc/core/dashboard/reports'
import { toDmcError } from '@dmc/core/errors/to-dmc-error'
import type { AgentContext } from '../agent-context.ts'
import { pause } from '../contract/wait.ts'
import type { RestoreEvent } from '../control/types.ts'
import { type CommandResult, carryOut } from './carry-out.ts'
import {
  commandFolder,
  openCommands,
  setCommandFolder,
  setCommandState,
  takeCommand,
} from './command-rows.ts'
import type { Outbox } from './outbox.ts'
import { type Roots, removeUnused } from './roots.ts'

/** Commands at once: restores are long, the rest is quick. */
const AT_ONCE = 4
/** What was placed a moment ago has too few confirmations to be found, and an RPC may be away: looked at again for so long. */
const PATIENCE_MS = 10 * 60_000
const AGAIN = ['ORDER_NOT_FOUND', 'BILL_NOT_FOUND']

/** Takes commands into state.db, carries each out once, and reports what became of it; goes on after a restart. */
export class CommandRunner {
  readonly #ctx: AgentContext
  readonly #outbox: Outbox
  readonly #roots: Roots
  readonly #onDone: () => void
  readonly #running = new Map<bigint, Promise<void>>()
  readonly #signal: AbortSignal

  constructor(ctx: AgentContext, outbox: Outbox, roots: Roots, onDone: () => void) {
    this.#ctx = ctx
    this.#outbox = outbox
    this.#roots = roots
    this.#onDone = onDone
    this.#signal = ctx.signal
    this.#start()
  }

  /** @returns false when it was not written down: it is to come again later */
  take(delivered: DeliveredCommand): boolean {
    const taken = takeCommand(this.#ctx.store, delivered)
    if (taken === 'new') this.#start()
    return taken !== 'full'
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#running.values())
  }

  #start(): void {
    for (const { delivered, started } of openCommands(this.#ctx.store)) {
      if (this.#running.size >= AT_ONCE || this.#signal.aborted) return
      if (this.#running.has(delivered.commandId)) continue
      const work = this.#run(delivered, started).finally(() => {
        this.#running.delete(delivered.commandId)
        this.#start()
      })
      this.#running.set(delivered.commandId, work)
    }
  }

  async #run(delivered: DeliveredCommand, again: boolean): Promise<void> {
    const { store } = this.#ctx
    const { commandId, command, expiresMs } = delivered
    if (!again && Date.now() > expiresMs) {
      const error = { code: 'COMMAND_EXPIRED', message: 'It came too late.', hint: 'Ask again.' }
      return this.#finish(commandId, 'failed', null, error)
    }
    setCommandState(store, commandId, 'started')
    const job = command.kind === 'restore.start' ? this.#restoreJob(delivered) : null
    const until = Date.now() + PATIENCE_MS
    for (;;) {
      try {
        const result = await carryOut(
          {
            ctx: this.#ctx,
            roots: this.#roots,
            commandId,
            folder: {
              made: () => commandFolder(store, commandId),
              make: (made) => setCommandFolder(store, commandId, made),
            },
            signal: this.#signal,
            onRestore: (event) => job?.progress(event),
          },
          command,
        )
        job?.end('done', result, null)
        return this.#finish(commandId, 'done', result, null)
      } catch (thrown) {
        // stopped, not failed: it goes on at the next start
        if (this.#signal.aborted) return
        const error = toDmcError(thrown)
        const wait = error.retryable || AGAIN.includes(error.code)
        if (wait && Date.now() < until) {
          await pause(2_000, this.#signal).catch(() => {})
          if (this.#signal.aborted) return
          continue
        }
        const { code, message, hint } = error
        const shown = { code, message: message.slice(0, 1000), hint: hint.slice(0, 500) }
        await this.#tidy(delivered)
        job?.end('failed', null, shown)
        return this.#finish(commandId, 'failed', null, shown)
      }
    }
  }

  /** A restore that came to nothing leaves no empty folder of its own behind: a second try may have the same name. */
  async #tidy({ commandId, command }: DeliveredCommand): Promise<void> {
    const made = commandFolder(this.#ctx.store, commandId)
    if (command.kind !== 'restore.start' || made === null) return
    await removeUnused(this.#roots, 'restore', command.target, made).catch(() => {})
  }

  #finish(
    commandId: bigint,
    state: 'done' | 'failed',
    result: CommandResult | null,
    error: { code: string; message: string; hint: string } | null,
  ): void {
    const { store, journal } = this.#ctx
    setCommandState(store, commandId, state)
    this.#outbox.put(`command:${commandId}`, { kind: 'command', commandId, state, result, error })
    if (error) {
      journal.add({
        level: 'warning',
        event: 'command-failed',
        subject: `command:${commandId}`,
        message: `The dashboard’s command ${commandId} was not carried out: ${error.message}`,
        data: { code: error.code },
      })
    }
    this.#onDone()
  }

  /** Reports of one restore, at most one in half a second. */
  #restoreJob({ commandId, command }: DeliveredCommand) {
    const startedMs = Date.now()
    const sourceId = command.kind === 'restore.start' ? command.sourceId : null
    const subject = command.kind === 'restore.start' ? command.target.slice(0, 255) : ''
    let now: Pick<Extract<Report, { kind: 'job' }>, 'stage' | 'done' | 'total' | 'note'> = {
      stage: 'find',
      done: 0n,
      total: 0n,
      note: null,
    }
    let toldAt = 0
    const tell = (
      state: 'running' | 'done' | 'failed',
      result: CommandResult | null,
      error: { code: string; message: string; hint: string } | null,
    ) => {
      const updatedMs = Date.now()
      toldAt = updatedMs
      const seconds = (updatedMs - startedMs) / 1000
      this.#outbox.put(`job:restore-${commandId}`, {
        kind: 'job',
        jobId: `restore-${commandId}`,
        job: 'restore',
        subject,
        state,
        sourceId,
        commandId,
        ...now,
        rate: state === 'running' && seconds > 0 ? Number(now.done) / seconds : null,
        result:
          result &&
          Object.fromEntries(
            Object.entries(result).map(([key, value]) => [
              key,
              typeof value === 'bigint' ? Number(value) : value,
            ]),
          ),
        error,
        startedMs,
        updatedMs,
        finishedMs: state === 'running' ? null : updatedMs,
      })
    }
    tell('running', null, null)
    return {
      progress(event: RestoreEvent) {
        now =
          event.type === 'stage'
            ? { ...now, note: event.text.slice(0, 1000) }
            : { stage: event.stage, done: BigInt(event.done), total: BigInt(event.total), note: now.note }
        if (Date.now() - toldAt >= 500) tell('running', null, null)
      },
      end: (state: 'done' | 'failed', result: CommandResult | null, error: Parameters<typeof tell>[2]) =>
        tell(state, result, error),
    }
  }
}
