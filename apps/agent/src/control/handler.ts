import type { AgentConfig } from '../config/agent-config.ts'
import type { Journal } from '../store/journal.ts'
import type { MethodEvent, MethodInput, MethodName, MethodOutput } from './methods.ts'

/** What the shell needs of an opened agent; `daemon.ts` widens it to its AgentContext. */
export interface ShellContext {
  readonly config: AgentConfig
  readonly journal: Journal
  /** Stops all work so that it can be resumed, and releases every file and port. */
  close(): Promise<void>
}

/**
 * The body of one method, the same in the running agent and in a command that opened the agent itself.
 * @param emit progress for the caller; never throws, may be ignored.
 * @param signal aborted when the caller goes away or the agent stops: stop cleanly and throw INTERRUPTED.
 */
export type Handler<M extends MethodName, C extends ShellContext = ShellContext> = (
  ctx: C,
  input: MethodInput<M>,
  emit: (event: MethodEvent<M>) => void,
  signal: AbortSignal,
) => Promise<MethodOutput<M>>
