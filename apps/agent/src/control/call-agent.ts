import { DmcError } from '@dmc/core/errors/dmc-error'
import type { ResolvedConfig } from '../config/resolve-config.ts'
import type { Env } from '../env.ts'
import type { UnlockedKeys } from '../keys/types.ts'
import { type CallOptions, type ControlClient, connectControl } from './control-client.ts'
import { lockedBy, lockHolder } from './lock-data-dir.ts'
import type { MethodInput, MethodName, MethodOutput } from './methods.ts'
import { socketPath } from './socket-path.ts'

/** How long a start waits for another process that is about to answer, or to be done. */
const PATIENCE_MS = 15_000

/** What a command brings to reach the agent. */
export interface Caller {
  config: ResolvedConfig
  env: Env
  /** Name of the command, for whoever meets its lock. */
  command: string
  /** Asks for the keystore's password, for the n-th time; null without a terminal. */
  askPassword: ((attempt: number) => Promise<string>) | null
  signal: AbortSignal
}

/** Several methods of one agent, in one go. */
export interface AgentSession {
  /** 'running' = the service answers; 'here' = opened in this process. */
  readonly where: 'running' | 'here'
  call<M extends MethodName>(
    method: M,
    input: MethodInput<M>,
    onEvent?: CallOptions<M>['onEvent'],
  ): Promise<MethodOutput<M>>
}

/**
 * Runs `work` against the agent of this data folder: the running one when its socket answers, otherwise one that is opened in
 * this process for as long as `work` takes. Such a short one serves the socket too, so that `status` works beside a long
 * `backup`; several calls in a row don't rely on it, as it may go between them: they wait for the folder.
 * @throws NOT_INITIALISED, KEY_*, DATA_DIR_LOCKED, CONTROL_PROTOCOL and what the methods throw.
 */
export function withAgent<T>(caller: Caller, work: (agent: AgentSession) => Promise<T>): Promise<T> {
  return reach(caller, false, work)
}

/** One method of the agent; see `withAgent`. */
export function callAgent<M extends MethodName>(
  caller: Caller,
  method: M,
  input: MethodInput<M>,
  onEvent?: CallOptions<M>['onEvent'],
): Promise<MethodOutput<M>> {
  return reach(caller, true, (agent) => agent.call(method, input, onEvent))
}

async function reach<T>(
  caller: Caller,
  once: boolean,
  work: (agent: AgentSession) => Promise<T>,
): Promise<T> {
  const { config, env, signal } = caller
  const path = socketPath(config.dataDir, env.runtimeDir)
  let keys: UnlockedKeys | undefined
  for (const until = Date.now() + PATIENCE_MS; ; ) {
    const client = await connectControl(path)
    try {
      if (client && (client.background || once)) return await work(sessionOf(client, signal))
      const holder = lockHolder(config.dataDir)
      if (holder && Date.now() > until) throw lockedBy(config.dataDir, holder)
      if (!holder) {
        const here = await import('./open-here.ts')
        keys ??= await here.unlockFor(caller)
        return await here.openHere(caller, keys, path, work)
      }
    } catch (error) {
      if (!DmcError.is(error) || !NOT_STARTED.includes(error.code) || !error.retryable) throw error
      if (Date.now() > until) throw error
    } finally {
      client?.close()
    }
    if (signal.aborted) throw signal.reason
    await new Promise((done) => setTimeout(done, 100))
  }
}

/** With `retryable`: another process was quicker with the folder, or the agent is stopping; nothing was done. */
const NOT_STARTED: readonly string[] = ['DATA_DIR_LOCKED', 'AGENT_NOT_RUNNING']

const sessionOf = (client: ControlClient, signal: AbortSignal): AgentSession => ({
  where: 'running',
  call: (method, input, onEvent) => client.call(method, input, { signal, ...(onEvent ? { onEvent } : {}) }),
})

/**
 * One method of the agent that runs already; nothing is opened here.
 * @throws AGENT_NOT_RUNNING.
 */
export async function callRunningAgent<M extends MethodName>(
  caller: Caller,
  method: M,
  input: MethodInput<M>,
  onEvent?: CallOptions<M>['onEvent'],
): Promise<MethodOutput<M>> {
  const running = await connectControl(socketPath(caller.config.dataDir, caller.env.runtimeDir))
  if (!running) {
    throw new DmcError('AGENT_NOT_RUNNING', `No agent runs for ${caller.config.dataDir}.`, {
      hint: 'Start it with `dmc-agent run`, or as a service with `dmc-agent install`.',
    })
  }
  try {
    return await running.call(method, input, { signal: caller.signal, ...(onEvent ? { onEvent } : {}) })
  } finally {
    running.close()
  }
}
