import { DmcError } from '@dmc/core/errors/dmc-error'
import type { ResolvedConfig } from '../config/resolve-config.ts'
import type { Env } from '../env.ts'
import { type CallOptions, type ControlClient, connectControl } from './control-client.ts'
import { lockHolder } from './lock-data-dir.ts'
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
  /** Asks for the keystore's password; null without a terminal. */
  askPassword: (() => Promise<string>) | null
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
 * this process for as long as `work` takes (and serves the socket meanwhile, so that `status` works beside a long `backup`).
 * @throws NOT_INITIALISED, KEY_*, DATA_DIR_LOCKED, CONTROL_PROTOCOL and what the methods throw.
 */
export async function withAgent<T>(caller: Caller, work: (agent: AgentSession) => Promise<T>): Promise<T> {
  const path = socketPath(caller.config.dataDir, caller.env.runtimeDir)
  const running = await connectOrWait(caller, path)
  if (!running) return (await import('./open-here.ts')).openHere(caller, path, work)
  try {
    return await work({
      where: 'running',
      call: (method, input, onEvent) =>
        running.call(method, input, { signal: caller.signal, ...(onEvent ? { onEvent } : {}) }),
    })
  } finally {
    running.close()
  }
}

/** One method of the agent; see `withAgent`. */
export function callAgent<M extends MethodName>(
  caller: Caller,
  method: M,
  input: MethodInput<M>,
  onEvent?: CallOptions<M>['onEvent'],
): Promise<MethodOutput<M>> {
  return withAgent(caller, (agent) => agent.call(method, input, onEvent))
}

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

/** A process that has the lock and does not answer yet is starting or stopping: worth a short wait. */
async function connectOrWait({ config, signal }: Caller, path: string): Promise<ControlClient | null> {
  const until = Date.now() + PATIENCE_MS
  for (;;) {
    const client = await connectControl(path)
    if (client || !lockHolder(config.dataDir) || Date.now() > until || signal.aborted) return client
    await new Promise((done) => setTimeout(done, 100))
  }
}
