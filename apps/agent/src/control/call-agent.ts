import { existsSync } from 'node:fs'
import { DmcError } from '@dmc/core/errors/dmc-error'
import { type ResolvedConfig, toAgentConfig } from '../config/resolve-config.ts'
import type { Env } from '../env.ts'
import type { UnlockedKeys } from '../keys/types.ts'
import { keystoreFile, unlockHost } from '../keys/unlock-host.ts'
import { type CallOptions, type ControlClient, connectControl } from './control-client.ts'
import { startControlServer } from './control-server.ts'
import type { ShellContext } from './handler.ts'
import { type DataDirLock, lockDataDir, lockHolder } from './lock-data-dir.ts'
import type { MethodInput, MethodName, MethodOutput } from './methods.ts'
import { openAgent } from './open-agent.ts'
import { runMethod } from './run-method.ts'
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
  if (!running) return openHere(caller, path, work)
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

async function openHere<T>(
  caller: Caller,
  path: string,
  work: (agent: AgentSession) => Promise<T>,
): Promise<T> {
  requireInitialised(caller.config)
  const config = toAgentConfig(caller.config)
  const { password: _password, ...keys } = await unlockHost(caller.config, caller.env, caller.askPassword)
  return withOpenAgent({ config, keys, command: caller.command, path, background: false }, (ctx) =>
    work({
      where: 'here',
      call: (method, input, onEvent) =>
        runMethod(ctx, method, input, (event) => onEvent?.(event as never), caller.signal) as Promise<never>,
    }),
  )
}

/** Lock, agent, control socket, `work`, and all of it away again in the opposite order, whatever happens. */
export async function withOpenAgent<T>(
  options: {
    config: Parameters<typeof openAgent>[0]
    keys: UnlockedKeys
    command: string
    path: string
    background: boolean
    /** How long to wait for a command that has the folder open. */
    patienceMs?: number
  },
  work: (ctx: ShellContext) => Promise<T>,
): Promise<T> {
  const lock = await lockPatiently(options.config.dataDir, options.command, options.patienceMs ?? 0)
  try {
    const ctx = await openAgent(options.config, options.keys, { background: options.background })
    try {
      const server = await startControlServer(options.path, (method, input, emit, signal) =>
        runMethod(ctx, method, input, emit, signal),
      )
      try {
        return await work(ctx)
      } finally {
        await server.close(options.background ? 0 : 10_000)
      }
    } finally {
      await ctx.close()
    }
  } finally {
    lock.release()
  }
}

/** @throws NOT_INITIALISED when `init` was never run for this data folder. */
export function requireInitialised({ dataDir }: Pick<ResolvedConfig, 'dataDir'>): void {
  if (existsSync(keystoreFile(dataDir))) return
  throw new DmcError('NOT_INITIALISED', `This host is not set up: there is no keystore in ${dataDir}.`, {
    hint: 'Run `dmc-agent init`, or name the right folder with --data-dir or DMC_DATA_DIR.',
  })
}

async function lockPatiently(dataDir: string, command: string, patienceMs: number): Promise<DataDirLock> {
  for (const until = Date.now() + patienceMs; ; ) {
    try {
      return lockDataDir(dataDir, command)
    } catch (error) {
      if (!DmcError.is(error) || error.code !== 'DATA_DIR_LOCKED' || Date.now() > until) throw error
      await new Promise((done) => setTimeout(done, 100))
    }
  }
}
